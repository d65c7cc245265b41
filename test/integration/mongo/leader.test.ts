import { BusFixture } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { NodeProcess } from '../../helpers/node-process';
import type { Replica } from '../../helpers/replica';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';
import { Told } from '../../helpers/told';

/** A lease of 3 s, renewed every second. */
const ENV = { SYNC_INTERVAL: '3000' };
const LEASE_MS = 3_000;
const PATIENT = { timeoutMs: 20_000 };

interface Leading {
  isLeader(): boolean;
  readonly desk: { dropInstance(id: string): Promise<string[]> };
}

/** Design invariant 13: background jobs are one replica's, and another's when that one is gone. */
describe('of replicas on one database', () => {
  let mongo: MongoServer;
  let bus: BusFixture;
  let core: RocketChatNode;
  let database: ReturnType<typeof freshDatabase>;

  beforeEach(async () => {
    mongo = await startMongo();
    database = freshDatabase(mongo);
    bus = await BusFixture.start();
    core = await bus.rocketChat('core-1', [], []);
  });
  afterEach(async () => {
    await bus.stop();
    await database.drop();
    await mongo.stop();
  });

  const replica = (nodeID: string) => bus.replica({ nodeID, mongoUrl: database.url, env: ENV });
  const serviceOf = ({ broker }: Replica) => broker.getLocalService('presence') as unknown as Leading;
  const leaders = (replicas: readonly Replica[]) =>
    replicas.filter((one) => serviceOf(one).isLeader()).map(({ nodeID }) => nodeID);

  test('the first leads, never two; one that stops is followed without waiting for its lease', async () => {
    const [a, b, c] = [await replica('presence-a'), await replica('presence-b'), await replica('presence-c')];
    const seen = new Set<string>();
    const look = () => seen.add(leaders([a, b, c]).join(' and '));
    const startedAt = performance.now();
    await eventually(() => {
      look();
      expect(performance.now() - startedAt).toBeGreaterThan(LEASE_MS);
    }, PATIENT);
    expect([...seen]).toEqual(['presence-a']);

    await bus.leave(a);
    await eventually(() => {
      look();
      expect(leaders([b, c])).toHaveLength(1);
    }, PATIENT);
    const [second] = leaders([b, c]);
    await bus.leave(second === 'presence-b' ? b : c);
    await eventually(() => expect(leaders([b, c])).toHaveLength(1), PATIENT);
    expect([...seen].filter((names) => names.includes(' and '))).toEqual([]);
  });

  test('one that is killed while it leads is followed when its lease is over', async () => {
    const dying = NodeProcess.start({
      ...ENV,
      TRANSPORTER: bus.nats.url,
      MONGO_URL: database.url,
      INSTANCE_ID: 'presence-dying',
      PORT: String(await freePort()),
    });
    try {
      await dying.says('this replica does the jobs that one replica does');
      const b = await replica('presence-b');
      expect(leaders([b])).toEqual([]);
      await dying.end('SIGKILL');
      await eventually(() => expect(leaders([b])).toEqual(['presence-b']), PATIENT);
    } finally {
      await dying.end('SIGKILL');
    }
  });

  test('one drops the sessions of a node that leaves, and each of its users is told once', async () => {
    const replicas = [await replica('presence-a'), await replica('presence-b'), await replica('presence-c')];
    const drops = replicas.map((one) => jest.spyOn(serviceOf(one).desk, 'dropInstance'));
    const heard = new Told(core);
    const uids = Array.from({ length: 20 }, (_, i) => `user-${i}`);
    const ddp = await bus.rocketChat('ddp-1');
    await Promise.all(uids.map((uid) => ddp.call('newConnection', uid, `${uid}/s`, 'ddp-1')));
    await eventually(() => expect(heard.otherwise(uids, ['online'])).toEqual({}), PATIENT);
    await bus.leave(ddp);
    await eventually(() => expect(heard.otherwise(uids, ['online', 'offline'])).toEqual({}), PATIENT);
    const done = () => drops.map(({ mock }) => mock.calls.map(([id]) => id));
    expect(done()).toEqual([['ddp-1'], [], []]);
  });
});
