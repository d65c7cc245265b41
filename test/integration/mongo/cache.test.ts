import { MongoClient, type Db } from 'mongodb';
import type { PresenceView } from '../../../domain/view';
import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { BusFixture } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { REFRESH_AFTER_MS } from '../../helpers/presence-builders';
import { onOwnMongo } from '../../helpers/suites';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const CORE = 'core-1';
const REPLICAS = ['presence-1', 'presence-2', 'presence-3'];
/** A change is visible everywhere after a second; what comes on top is the machine's. */
const VISIBLE = { timeoutMs: 1000 };
const READS = ['find', 'getMore', 'aggregate'];

/** Three replicas, each with a cache, and core, which writes to the database past all of them. */
describe('reads from the cache', () => {
  let server: MongoServer;
  let client: MongoClient;
  let database: ReturnType<typeof freshDatabase>;
  let db: Db;
  let bus: BusFixture;
  let core: RocketChatNode;
  const commands = new Map(REPLICAS.map((nodeID) => [nodeID, [] as string[]]));

  beforeAll(async () => {
    server = await startMongo();
    client = await MongoClient.connect(server.url('admin'), { useNewUrlParser: true, useUnifiedTopology: true });
    database = freshDatabase(server);
    db = client.db(database.name);
    bus = await BusFixture.start();
    for (const nodeID of REPLICAS) {
      const options = { patienceMs: 10_000, refreshAfterMs: REFRESH_AFTER_MS, makesIndexes: () => true };
      const store = new MongoStore({
        ...options,
        url: database.url,
        onCommand: (name) => void commands.get(nodeID)!.push(name),
      });
      const env = { SYNC_INTERVAL: '86400000' };
      await bus.replica({ nodeID, store, mongoUrl: database.url, env });
    }
    core = await bus.rocketChat(CORE);
  });
  afterAll(async () => {
    await bus.stop();
    await database.drop();
    await client.close();
    await server.stop();
  });

  const read = (nodeID: string, uid: string) => core.callAt<PresenceView>(nodeID, 'get', uid);
  const everywhere = (uid: string, shown: object) =>
    eventually(async () => {
      for (const nodeID of REPLICAS) expect(await read(nodeID, uid)).toMatchObject(shown);
    }, VISIBLE);

  test('a change made by any replica is visible at every other', async () => {
    await core.callAt(REPLICAS[0]!, 'newConnection', 'ann', 's1', CORE);
    await everywhere('ann', { status: 'online' });
    for (const [i, status] of (['busy', 'away', 'offline', 'busy', 'away', 'offline'] as const).entries()) {
      const at = REPLICAS[i % 3]!;
      await core.callAt(at, 'setStatus', 'ann', status, `text ${i}`);
      await expect(read(at, 'ann')).resolves.toMatchObject({ status, statusText: `text ${i}` }); // there at once
      await everywhere('ann', { status, statusText: `text ${i}` });
    }
  });

  test('a change that core makes in the database itself is visible at every replica', async () => {
    await core.call('newConnection', 'bob', 's1', CORE);
    await everywhere('bob', { status: 'online' });
    for (const name of ['Bob', 'Robert', 'Bobby']) {
      await db.collection<{ _id: string }>('users').updateOne({ _id: 'bob' }, { $set: { name } });
      await everywhere('bob', { status: 'online', name });
    }
    await everywhere('carl', { status: 'unknown' });
    await db.collection('users').insertOne({ _id: 'carl' as never, username: 'carl', status: 'offline' });
    await everywhere('carl', { status: 'offline' });
    await db.collection<{ _id: string }>('users').deleteOne({ _id: 'carl' });
    await everywhere('carl', { status: 'unknown' });
  });

  test('the same where the database tells no changes', async () => {
    const options = { patienceMs: 10_000, refreshAfterMs: REFRESH_AFTER_MS, makesIndexes: () => true };
    const store = new MongoStore({ ...options, url: database.url });
    store.userChanges.watch = () => () => Promise.resolve();
    const replica = await bus.replica({ nodeID: 'presence-deaf', store, mongoUrl: database.url });
    await core.call('newConnection', 'dora', 's1', CORE);
    for (const name of ['Dora', 'Theodora']) {
      await db.collection<{ _id: string }>('users').updateOne({ _id: 'dora' }, { $set: { name } });
      await eventually(async () => expect(await read('presence-deaf', 'dora')).toMatchObject({ name }), VISIBLE);
    }
    await bus.leave(replica);
  });

  test('whoever has not changed is not asked of the database', async () => {
    const uids = Array.from({ length: 50 }, (_, i) => `u${i}`);
    await Promise.all(uids.map((uid) => core.call('newConnection', uid, `${uid}/s`, CORE)));
    const nodeID = REPLICAS[1]!;
    const asked = () => commands.get(nodeID)!.filter((name) => READS.includes(name));
    const readAll = () => core.callAt<PresenceView[]>(nodeID, 'getMany', uids);
    await readAll();
    const untilMs = performance.now() + 2000;
    let reads = 0;
    await eventually(async () => {
      const [before, others] = [asked().length, await readAll()];
      expect(others.map(({ status }) => status)).toEqual(uids.map(() => 'online'));
      // Once the stream is proven to be there. What the stream itself asks is `getMore`, and jobs ask now and then.
      reads = asked().slice(before).includes('find') ? 0 : reads + 1;
      expect(reads).toBeGreaterThan(20);
      expect(performance.now()).toBeGreaterThan(untilMs);
    });
  });

  onOwnMongo('mongo/cache')('and a database that was away', () => {
    test('nothing is answered from before', async () => {
      await core.call('newConnection', 'emil', 's1', CORE);
      await everywhere('emil', { status: 'online' });
      await server.restart();
      await client.close();
      client = await MongoClient.connect(server.url('admin'), { useNewUrlParser: true, useUnifiedTopology: true });
      db = client.db(database.name);
      for (const name of ['Emil', 'Emilio', 'Emiliano']) {
        await db.collection<{ _id: string }>('users').updateOne({ _id: 'emil' }, { $set: { name } });
        await everywhere('emil', { status: 'online', name });
      }
    });
  });
});
