import { isNats, natsAddress } from '../wire/nats-address';
import type { Config } from './env';

/** What runs where, for people at a terminal: the end of the start-up. Never shows a URL that may hold credentials. */
export function banner(config: Config, nodeID: string): string {
  const { edge, health } = addressesOf(config);
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
    'Or stop it (Ctrl+C), and then:',
    '  npm start -- --repl                               has a prompt: call presence.setStatus --uid ann --statusDefault busy',
    '  TRANSPORTER=nats://127.0.0.1:4222 npm start       joins a bus',
    '',
  ].join('\n');
}

/** The same in one line, for a log. */
export function bannerLine(config: Config, nodeID: string): string {
  const { edge, health } = addressesOf(config);
  const bus = config.TRANSPORTER ? busOf(config.TRANSPORTER) : 'none';
  return `presence node ${nodeID} is running: HTTP ${edge}, health ${health}, bus ${bus}, store ${storeOf(config)}`;
}

function addressesOf({ HOST, PORT, HEALTH_CHECK_PORT }: Config): { readonly edge: string; readonly health: string } {
  const http = `http://${HOST.includes(':') ? `[${HOST}]` : HOST}`;
  return { edge: `${http}:${PORT}`, health: `${http}:${HEALTH_CHECK_PORT}/health` };
}

function storeOf({ MONGO_URL, DATA_DIR }: Config): string {
  if (MONGO_URL) return `MongoDB, ${MONGO_URL.replace(/^[^/]*\/\/([^/]*@)?/, '').replace(/\?.*/, '')}`;
  return `embedded, ${DATA_DIR === ':memory:' ? 'in memory: nothing is kept' : DATA_DIR}`;
}

function busOf(transporter: string): string {
  if (isNats(transporter))
    return natsAddress(transporter)
      .servers.map((server) => `nats://${server}`)
      .join(', ');
  try {
    const url = new URL(transporter);
    return `${url.protocol}//${url.host}`;
  } catch {
    return transporter.split(':', 1)[0] ?? transporter;
  }
}
