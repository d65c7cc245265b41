import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { freshDatabase, startMongo, type MongoServer } from '../helpers/mongo-server';
import { startMongoProxy, type MongoProxy } from '../helpers/mongo-proxy';
import { startNats } from '../helpers/nats-server';
import { NodeProcess } from '../helpers/node-process';
import { startReplica, type Replica } from '../helpers/replica';
import { StreamerProcess } from '../helpers/streamer-process';

/* The genuine ddp-streamer dies of a rejected login or logout, and all its clients with it. */

const BATCH = 20;
const batchOf = (name: string) => Array.from({ length: BATCH }, (_, n) => `${name}-${n}`);

describe('a ddp-streamer that dies of a rejection lives', () => {
  let server: MongoServer;
  let nats: Awaited<ReturnType<typeof startNats>>;
  let streamer: StreamerProcess;
  let database: ReturnType<typeof freshDatabase>;
  let proxy: MongoProxy | undefined;
  const replicas: Replica[] = [];
  const processes = new Map<string, NodeProcess>();

  beforeAll(async () => {
    server = await startMongo();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    nats = await startNats();
    database = freshDatabase(server);
  });
  afterEach(async () => {
    await streamer.end();
    for (const replica of replicas.splice(0)) await replica.stop();
    for (const process of processes.values()) await process.end('SIGKILL');
    processes.clear();
    await proxy?.stop();
    proxy = undefined;
    await nats.stop();
    await database.drop();
  });

  async function replica(nodeID: string, env: Record<string, string> = {}, mongoUrl?: string): Promise<Replica> {
    const one = await startReplica({ nodeID, natsUrl: nats.url, mongoUrl, env });
    replicas.push(one);
    return one;
  }
  const onlineOf = async ({ broker }: Replica) => {
    const { users } = await broker.call<{ users: { uid: string }[] }, unknown>('presence.list', { status: 'online' });
    return users.map(({ uid }) => uid);
  };

  it.each(['mongo', 'embedded'])(
    'while two replicas are replaced one after the other (%s)',
    async (store) => {
      const urls: Record<string, string> = store === 'mongo' ? { MONGO_URL: database.url } : { DATA_DIR: ':memory:' };
      const start = async (id: string) => {
        const env = { TRANSPORTER: nats.url, INSTANCE_ID: id, PORT: String(await freePort()), ...urls };
        const started = NodeProcess.start({ ...env, HEARTBEAT_INTERVAL: '1', LOG_LEVEL: 'warn' });
        await eventually(async () => expect((await fetch(`http://127.0.0.1:${env.PORT}/health`)).status).toBe(200), {
          timeoutMs: 30_000,
        });
        processes.set(id, started);
      };
      await start('presence-a');
      await start('presence-b');
      streamer = await StreamerProcess.start(nats.url, 'ddp-1');
      let visits = 0;
      const visitEveryMs = server.slow ? 200 : 25; // two visits, of two calls each
      const load = setInterval(() => {
        streamer.tell({ kind: 'visit', uids: [`visit-${visits++}`, `visit-${visits++}`], staysMs: 5 });
      }, visitEveryMs);
      try {
        for (const id of ['presence-a', 'presence-b', 'presence-a', 'presence-b']) {
          expect(await processes.get(id)!.end('SIGTERM')).toBe(0);
          await start(id);
        }
      } finally {
        clearInterval(load);
      }
      await streamer.hasAnswers(2 * visits, 30_000);
    },
    120_000,
  );

  it('while the store is away', async () => {
    proxy = await startMongoProxy((name) => server.url(name));
    const name = new URL(database.url).pathname.slice(1);
    const node = await replica('presence-a', { REQUEST_TIMEOUT: '60' }, proxy.url(name));
    streamer = await StreamerProcess.start(nats.url, 'ddp-1');
    proxy.intercept(({ collection }) => (collection === 'usersSessions' ? { answer: 'cut' } : undefined));
    streamer.tell({ kind: 'login', uids: batchOf('stays') });
    streamer.tell({ kind: 'visit', uids: batchOf('leaves'), staysMs: 50 });
    await eventually(() => expect(node.store.isThere).toBe(false), { timeoutMs: 15_000 });
    proxy.intercept(undefined);
    await streamer.hasAnswers(3 * BATCH, 30_000);
    expect(new Set(await onlineOf(node))).toEqual(new Set(batchOf('stays')));
  }, 60_000);

  it('while more calls come than may wait', async () => {
    const node = await replica('presence-a', { MAX_QUEUED_CALLS: '1' });
    streamer = await StreamerProcess.start(nats.url, 'ddp-1');
    for (let n = 0; n < 20; n++) streamer.tell({ kind: 'visit', uids: batchOf(`busy-${n}`), staysMs: 0 });
    await streamer.hasAnswers(20 * 2 * BATCH, 30_000);
    expect(await onlineOf(node)).toEqual([]);
  }, 60_000);

  it('when its arguments are bad', async () => {
    await replica('presence-a');
    streamer = await StreamerProcess.start(nats.url, 'ddp-1');
    const bad = [[], [7, 's'], ['u', { $ne: null }], ['u', 's', 7], ['x'.repeat(300), 's']];
    for (const action of ['newConnection', 'removeConnection']) {
      for (const params of bad) streamer.tell({ kind: 'call', action, params });
    }
    await streamer.hasAnswers(2 * bad.length, 10_000);
  });
});
