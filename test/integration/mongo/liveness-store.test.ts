import { MongoClient, type Db } from 'mongodb';
import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { HEARTBEATS_KEPT_MS } from '../../../lib/store/port';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { MINUTE, NOW, REFRESH_AFTER_MS } from '../../helpers/presence-builders';

interface Index {
  readonly name: string;
  readonly key: object;
  readonly expireAfterSeconds?: number;
}

/** What liveness finds in a database that others write to as well, and what it leaves there. */
describe('liveness on MongoDB', () => {
  let server: MongoServer;
  let client: MongoClient;
  let database: ReturnType<typeof freshDatabase>;
  let db: Db;
  const opened: MongoStore[] = [];

  beforeAll(async () => {
    server = await startMongo();
    client = await MongoClient.connect(server.url('admin'));
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  beforeEach(() => {
    database = freshDatabase(server);
    db = client.db(database.name);
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await database.drop();
  });

  async function openStore(onCommand?: (name: string) => void): Promise<MongoStore> {
    const options = { patienceMs: 10_000, refreshAfterMs: REFRESH_AFTER_MS, makesIndexes: () => true };
    const store = new MongoStore({ ...options, url: database.url, onCommand });
    opened.push(store);
    await store.open();
    return store;
  }
  const indexOnAt = async () =>
    ((await db.collection('presence_nodes').indexes()) as Index[]).filter(
      ({ key }) => JSON.stringify(key) === '{"at":1}',
    );
  const entry = (id: unknown, instanceId: unknown, _updatedAt: unknown) => ({
    id,
    instanceId,
    status: 'online',
    _createdAt: new Date(NOW),
    _updatedAt,
  });
  const junk = () =>
    db
      .collection('usersSessions')
      .insertMany([
        { _id: 'good' as never, connections: [null, entry('a', 'node1', new Date(NOW)), entry('b', 7, new Date(NOW))] },
        { _id: 'no time' as never, connections: [entry('c', 'node1', null), entry('d', 'node2', 'yesterday')] },
        { _id: 'no session' as never, connections: [entry(7, 'node1', new Date(NOW + 1)), { instanceId: 'node3' }] },
        { _id: 'nothing' as never },
        { _id: 'null' as never, connections: null },
        { _id: 'text' as never, connections: 'node1' },
        { _id: 'empty' as never, connections: [] },
      ]);

  it('counts what are sessions of an instance, and nothing else that upstream may have left', async () => {
    await junk();
    const stored = await (await openStore()).storedInstances();
    expect(stored.toSorted((a, b) => a.instanceId.localeCompare(b.instanceId))).toEqual([
      { instanceId: 'node1', sessions: 2, newestMs: NOW },
      { instanceId: 'node2', sessions: 1, newestMs: 0 },
    ]);
  });

  it('finds as stale what are sessions with a time', async () => {
    await junk();
    const store = await openStore();
    expect(await store.ownersOfStale(NOW + MINUTE, new Set(['node1', 'node2', 'node3']), 100)).toEqual(['good']);
  });

  it('looks for nothing when no instance is asked about', async () => {
    const commands: string[] = [];
    const store = await openStore((name) => commands.push(name));
    commands.length = 0;
    expect(await store.ownersOfStale(NOW, new Set(), 100)).toEqual([]);
    expect(commands).toEqual([]);
  });

  it('has heartbeats noted on the server’s time, and ended by the server', async () => {
    const store = await openStore();
    const beforeMs = await store.timeMs();
    await store.noteHeartbeats('node1');
    const { at, ...rest } = (await db.collection<{ _id: string; at: Date }>('presence_nodes').findOne({}))!;
    expect(rest).toEqual({ _id: 'node1', heartbeats: true });
    expect(at.getTime()).toBeGreaterThan(beforeMs - MINUTE);
    expect(at.getTime()).toBeLessThan(beforeMs + MINUTE);
    expect(await indexOnAt()).toMatchObject([{ expireAfterSeconds: HEARTBEATS_KEPT_MS / 1000 }]);
  });

  it('leaves an index that ends notes at another time as it is', async () => {
    await db.collection('presence_nodes').createIndex({ at: 1 }, { name: 'mine', expireAfterSeconds: 60 });
    await openStore();
    expect(await indexOnAt()).toMatchObject([{ name: 'mine', expireAfterSeconds: 60 }]);
  });

  it('keeps one lease a job, which replicas see of each other', async () => {
    const [one, other] = [await openStore(), await openStore()];
    expect(await one.lead('job', 'one', MINUTE)).toBe(true);
    expect(await other.lead('job', 'other', MINUTE)).toBe(false);
    await one.resign('job', 'one');
    expect(await other.lead('job', 'other', MINUTE)).toBe(true);
    const leases = await db.collection('presence_leases').find().toArray();
    expect(leases).toEqual([{ _id: 'job', holder: 'other', until: expect.any(Date) as Date }]);
  });
});
