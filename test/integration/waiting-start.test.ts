import { freePort } from '../helpers/free-port';
import { eventually } from '../helpers/eventually';
import { startMongo } from '../helpers/mongo-server';
import { startNats } from '../helpers/nats-server';
import { NodeProcess } from '../helpers/node-process';
import { onOwnMongo, onOwnNats } from '../helpers/suites';

const SOON = { timeoutMs: 20_000 };
const TOKEN = 'a-token-of-the-tests';
const json = { accept: 'application/json' };

interface Waiting {
  readonly node: NodeProcess;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Waits until HTTP is listened to. */
  health(): Promise<{ code: number; missing: string[] }>;
}

const running: NodeProcess[] = [];

async function start(env: Record<string, string>): Promise<Waiting> {
  const port = String(await freePort());
  const node = NodeProcess.start({ PORT: port, DATA_DIR: ':memory:', API_TOKENS: `ops:admin:${TOKEN}`, ...env });
  running.push(node);
  const get = (path: string, headers = {}) => fetch(`http://127.0.0.1:${port}${path}`, { headers });
  const health = async () => {
    const response = await eventually(() => get('/health', json), SOON);
    return { code: response.status, ...((await response.json()) as { missing: string[] }) };
  };
  return { node, get, health };
}

afterEach(async () => {
  for (const node of running.splice(0)) await node.end('SIGKILL');
});

const becomesHealthy = ({ health }: Waiting) =>
  eventually(async () => expect(await health()).toMatchObject({ code: 200, healthy: true, missing: [] }), SOON);
const linesWith = ({ node }: Waiting, text: string) => node.output.split('\n').filter((line) => line.includes(text));

onOwnNats('a start without NATS')('a node that starts while NATS is away', () => {
  test('listens, says what is missing and why, and goes on once NATS is there', async () => {
    const nats = await startNats();
    await nats.stop();
    try {
      const waiting = await start({ TRANSPORTER: nats.url.replace('//', '//rc:secret@') });
      expect(await waiting.health()).toMatchObject({
        code: 500,
        healthy: false,
        bus: 'disconnected',
        missing: ['bus'],
      });
      // It is opened after the bus: nobody has looked.
      expect(await waiting.health()).not.toHaveProperty('store');
      expect(await (await waiting.get('/health')).text()).toBe('not healthy');
      const answer = await waiting.get('/api/v1/me', { authorization: `Bearer ${TOKEN}` });
      expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'UNAVAILABLE', retryable: true }]);
      expect((await waiting.get('/docs')).status).toBe(200);
      await waiting.node.says('NATS unavailable');
      const { host } = new URL(nats.url);
      await nats.restart();
      await becomesHealthy(waiting);
      expect(linesWith(waiting, 'ECONNREFUSED')).toEqual([
        expect.stringContaining(`NATS unavailable at ${host}: connect`),
      ]);
      expect(waiting.node.output).not.toContain('secret');
      const known = await waiting.get('/api/v1/me', { authorization: `Bearer ${TOKEN}` });
      expect(known.status).toBe(200);
    } finally {
      await nats.stop();
    }
  }, 60_000);

  test('ends in order when it is told to', async () => {
    const { node } = await start({ TRANSPORTER: `nats://127.0.0.1:${await freePort()}` });
    await node.says('NATS unavailable');
    await expect(node.end('SIGTERM')).resolves.toBe(0);
    expect(node.output).not.toContain('did not start');
  });

  test('answers probes at a port of their own too', async () => {
    const HEALTH_CHECK_PORT = String(await freePort());
    await start({ TRANSPORTER: `nats://127.0.0.1:${await freePort()}`, HEALTH_CHECK_PORT });
    const probe = () => fetch(`http://127.0.0.1:${HEALTH_CHECK_PORT}/health`);
    await eventually(async () => expect((await probe()).status).toBe(500), SOON);
  });
});

onOwnMongo('a start without MongoDB')('a node that starts while MongoDB is away', () => {
  test('listens, says what is missing and why, and goes on once MongoDB is there', async () => {
    const mongo = await startMongo();
    try {
      await mongo.kill();
      const waiting = await start({ MONGO_URL: mongo.url('waiting') });
      expect(await waiting.health()).toMatchObject({ code: 500, store: 'away', missing: ['store'] });
      await waiting.node.says('store unavailable: MongoDB at 127.0.0.1:');
      await mongo.restart();
      await becomesHealthy(waiting);
      expect(linesWith(waiting, 'store unavailable')).toHaveLength(1);
    } finally {
      await mongo.stop();
    }
  }, 60_000);
});
