import { MongoClient, type Db } from 'mongodb';
import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { connect, MINUTE, NOW, REFRESH_AFTER_MS, SECOND, work } from '../../helpers/presence-builders';

/** Rocket.Chat counts connections itself, in documents that are there whether or not an event arrives (decisions/0004). */
describe('connection counts in a database with instances', () => {
  let server: MongoServer;
  let client: MongoClient;
  let database: ReturnType<typeof freshDatabase>;
  let db: Db;
  let store: MongoStore;

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
    await store.close();
    await database.drop();
  });

  /** A store that keeps one session and has heard of seven connections. */
  async function openStore({ ownUsers }: { ownUsers: boolean }): Promise<void> {
    if (!ownUsers) await db.collection('rocketchat_settings').insertOne({ _id: 'Site_Url' as never });
    const options = { patienceMs: 10_000, refreshAfterMs: REFRESH_AFTER_MS, makesIndexes: () => true };
    store = new MongoStore({ ...options, url: database.url });
    await store.open();
    await store.applySessions([work('ann', connect('a'))], NOW);
    await store.hearInstance('heard', 7, NOW);
    await store.resetPeak(NOW);
  }
  const instance = (_id: string, conns: unknown, _updatedAt: Date | null = new Date(NOW)) => ({
    _id,
    name: 'rocket.chat',
    pid: 1,
    extraInformation: { host: 'localhost', port: '3000', ...(conns === undefined ? {} : { conns }) },
    _updatedAt,
  });
  const rocketChatTells = (...instances: object[]) => db.collection('instances').insertMany(instances);
  const current = async (nowMs = NOW) => (await store.connections(nowMs)).current;

  it('of Rocket.Chat are the sum of what its instances tell there, whatever was heard', async () => {
    await openStore({ ownUsers: false });
    await rocketChatTells(instance('one', 30), instance('two', 12), instance('three', undefined));
    expect(await store.connections(NOW)).toEqual({ current: 42, peak: 42 });
    await db
      .collection<{ _id: string }>('instances')
      .updateOne({ _id: 'one' }, { $set: { 'extraInformation.conns': 3 } });
    expect(await store.connections(NOW)).toEqual({ current: 15, peak: 42 });
    await store.resetPeak(NOW);
    expect(await store.connections(NOW)).toEqual({ current: 15, peak: 15 });
  });

  it('of Rocket.Chat are 0 where an instance says 0', async () => {
    await openStore({ ownUsers: false });
    await rocketChatTells(instance('idle', 0));
    expect(await current()).toBe(0);
  });

  it('leave out an instance that has not written for two minutes', async () => {
    await openStore({ ownUsers: false });
    await rocketChatTells(instance('gone', 30), instance('living', 12, new Date(NOW + MINUTE)));
    expect(await current(NOW + 2 * MINUTE)).toBe(42);
    expect(await current(NOW + 2 * MINUTE + SECOND)).toBe(12);
    expect(await current(NOW + 3 * MINUTE + SECOND)).toBe(7);
  });

  it.each([
    ['nothing', []],
    ['no count', [instance('one', undefined), { _id: 'two', _updatedAt: new Date(NOW) }]],
    ['what is none', ['12', -1, NaN, Infinity, null, [3], {}].map((conns, i) => instance(`i${i}`, conns))],
    ['no time', [instance('one', 30, null), { ...instance('two', 12), _updatedAt: 'today' }]],
  ])('are those heard where the instances tell %s', async (_what, instances) => {
    await openStore({ ownUsers: false });
    if (instances.length > 0) await rocketChatTells(...instances);
    expect(await current()).toBe(7);
    await store.forgetInstance('heard');
    expect(await current()).toBe(1);
  });

  it('are not those of a collection of that name in a database of our own', async () => {
    await openStore({ ownUsers: true });
    await rocketChatTells(instance('one', 30));
    expect(await current()).toBe(7);
  });
});
