import type { Config } from './env';

/** What runs where, and three lines to try: the end of the start-up. Never shows a URL that may hold credentials. */
export function banner(config: Config, nodeID: string): string {
  const http = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}`;
  const health = `${http}:${config.HEALTH_CHECK_PORT}/health`;
  const edge = `${http}:${config.PORT}`;
  const bus = config.TRANSPORTER ? busOf(config.TRANSPORTER) : 'none (set TRANSPORTER to join one)';
  return [
    '',
    `presence node ${nodeID} is running`,
    `  dashboard  ${edge}/`,
    `  HTTP API   ${edge}/docs`,
    `  health     ${health}`,
    `  bus        ${bus}`,
    `  store      ${storeOf(config)}`,
    ...(config.MS_METRICS ? [`  metrics    http://localhost:${config.MS_METRICS_PORT}/metrics`] : []),
    '',
    'Try:',
    `  curl ${health}`,
    '  npm start -- --repl                               then: call presence.setStatus --uid ann --statusDefault busy',
    '  TRANSPORTER=nats://127.0.0.1:4222 npm start       joins a bus',
    '',
  ].join('\n');
}

function storeOf({ MONGO_URL, DATA_DIR }: Config): string {
  if (MONGO_URL) return `MongoDB, ${MONGO_URL.replace(/^[^/]*\/\/([^@/]*@)?/, '').replace(/\?.*/, '')}`;
  return `embedded, ${DATA_DIR === ':memory:' ? 'in memory: nothing is kept' : DATA_DIR}`;
}

function busOf(transporter: string): string {
  try {
    const url = new URL(transporter);
    return `${url.protocol}//${url.host}`;
  } catch {
    return transporter.split(':', 1)[0] ?? transporter;
  }
}
