import { MongoClient, type Db } from 'mongodb';
import { firstContact } from '../../../domain/presence';
import type { UserRecord } from '../../../domain/types';
import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import {
  connect,
  disconnect,
  heartbeat,
  NOW,
  REFRESH_AFTER_MS,
  userRecord,
  work,
} from '../../helpers/presence-builders';

/** What only a database shared with others can show (contract 5). */
describe('the MongoDB store among other writers', () => {
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
  beforeEach(async () => {
    database = freshDatabase(server);
    db = client.db(database.name);
    await db.collection('rocketchat_settings').insertOne({ _id: 'Site_Url' as never });
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await database.drop();
  });

  async function openStore(onCommand?: (name: string) => void, historyDays?: number): Promise<MongoStore> {
    const options = { patienceMs: 10_000, refreshAfterMs: REFRESH_AFTER_MS, makesIndexes: () => true };
    const store = new MongoStore({ ...options, url: database.url, onCommand, historyDays });
    await store.open();
    opened.push(store);
    return store;
  }
  const users = () => db.collection<Record<string, unknown> & { _id: string }>('users');
  const seed = (...users: object[]) => db.collection('users').insertMany(users);
  const stored = (uid: string) => users().findOne({ _id: uid });
  const next = (before: UserRecord, fields: Partial<UserRecord>, sessionsRev = 0) => ({
    before,
    after: { ...before, ...fields, presenceRev: before.presenceRev + 1 },
    sessionsRev,
  });
  const keysOf = async (collection: string) =>
    ((await db.collection(collection).indexes()) as { key: object }[]).map(({ key }) => JSON.stringify(key));

  it('makes the indexes that are missing, and twice is as once', async () => {
    await openStore();
    const before = await keysOf('usersSessions');
    await openStore();
    expect(await keysOf('usersSessions')).toEqual(before);
    expect(before).toEqual(
      expect.arrayContaining(['{"connections.instanceId":1}', '{"connections.id":1}', '{"connections._updatedAt":1}']),
    );
    expect(await keysOf('users')).toEqual(expect.arrayContaining(['{"status":1}', '{"statusExpiresAt":1}']));
  });

  it('makes history expire when the configuration says, also when that says another time than before', async () => {
    const days = async () =>
      ((await db.collection('presence_history').indexes()) as { key: object; expireAfterSeconds?: number }[])
        .filter(({ key }) => JSON.stringify(key) === '{"at":1}')
        .map(({ expireAfterSeconds }) => expireAfterSeconds! / 86_400);
    await openStore();
    expect(await keysOf('presence_history').catch(() => [])).toEqual([]);
    await openStore(undefined, 30);
    expect(await days()).toEqual([30]);
    expect(await keysOf('presence_history')).toContain('{"uid":1,"_id":1}');
    await openStore(undefined, 7);
    await openStore(undefined, 7);
    expect(await days()).toEqual([7]);
  });

  it('starts on a database where an index exists in another form, and leaves that as it is', async () => {
    await db.collection('usersSessions').createIndex({ 'connections.id': 1 }, { sparse: true, name: 'connections.id' });
    await db.collection('users').createIndex({ statusExpiresAt: 1 }, { name: 'mine' });
    await openStore();
    const sessions = (await db.collection('usersSessions').indexes()) as { name: string; sparse?: boolean }[];
    expect(sessions.find(({ name }) => name === 'connections.id')).toMatchObject({ sparse: true });
    const users = (await db.collection('users').indexes()) as { name: string }[];
    expect(users.filter(({ name }) => name.startsWith('statusExpiresAt'))).toEqual([]);
  });

  describe('beside Rocket.Chat, which makes its indexes in one batch', () => {
    const ofUsers = () =>
      db.collection('users').createIndexes([
        { key: { roles: 1 }, sparse: true, name: 'roles_1' },
        { key: { status: 1 }, name: 'status_1' },
        { key: { statusText: 1 }, name: 'statusText_1' },
        { key: { statusConnection: 1 }, sparse: true, name: 'statusConnection_1' },
        {
          key: { statusExpiresAt: 1 },
          partialFilterExpression: { statusExpiresAt: { $exists: true } },
          name: 'statusExpiresAt_1',
        },
      ] as never);
    /** Of its oldest versions, made one by one. */
    const ofSessions = async () => {
      for (const name of ['connections.instanceId', 'connections.id'])
        await db.collection('usersSessions').createIndex({ [name]: 1 }, { sparse: true, name });
    };
    const both = ['users', 'usersSessions'];
    const forms = async () => {
      const lists = await Promise.all(both.map((name) => db.collection(name).indexes() as Promise<object[]>));
      return lists.map((list) => list.map((index) => JSON.stringify(index)).sort());
    };

    it('has the same indexes, whoever comes first', async () => {
      await openStore();
      await ofUsers();
      await ofSessions();
      const weFirst = await forms();
      for (const name of both) await db.collection(name).dropIndexes();
      await ofUsers();
      await ofSessions();
      await openStore();
      expect(await forms()).toEqual(weFirst);
      expect(JSON.stringify(weFirst)).not.toContain('background');
    });
  });

  it('writes no field of a user that it does not own, and none of an unknown user', async () => {
    const secret = { services: { password: { bcrypt: 'x' } }, emails: [{ address: 'a@b' }], customFields: { a: 1 } };
    await seed({ _id: 'ann', username: 'ann', type: 'user', roles: ['user'], status: 'offline', ...secret });
    const store = await openStore();
    const user = (await store.applySessions([work('ann')], NOW))[0]!.user!;
    expect(user).toEqual({
      _id: 'ann',
      username: 'ann',
      type: 'user',
      roles: ['user'],
      status: 'offline',
      presenceRev: 0,
    });
    await store.writePresence([next({ ...user, username: 'wrong' }, { status: 'online', statusConnection: 'online' })]);
    expect(await stored('ann')).toMatchObject({ ...secret, username: 'ann', status: 'online', presenceRev: 1 });
    await store.writePresence([next(firstContact('nobody'), { status: 'online' })]);
    expect(await stored('nobody')).toBeNull();
  });

  it('keeps what core writes directly between reading and writing', async () => {
    await seed({ ...userRecord('ann'), status: 'offline' });
    const store = await openStore();
    const user = (await store.applySessions([work('ann')], NOW))[0]!.user!;
    await users().updateOne({ _id: 'ann' }, { $set: { statusText: 'by core' } });
    await store.writePresence([next(user, { status: 'online' })]);
    expect(await stored('ann')).toMatchObject({ status: 'online', statusText: 'by core' });
  });

  it('takes sessions as upstream leaves them: no revision, duplicates, nulls', async () => {
    const at = new Date(NOW - 1000);
    const entry = { id: 'a', instanceId: 'node1', status: 'online', _createdAt: at, _updatedAt: at };
    await db
      .collection('usersSessions')
      .insertMany([
        { _id: 'ann' as never, connections: [entry, entry] },
        { _id: 'bob' as never },
        { _id: 'cy' as never, connections: null },
        { _id: 'di' as never, connections: [null, { id: 7 }, { ...entry, _updatedAt: null }] },
      ]);
    const store = await openStore();
    const works = [
      work('ann', disconnect('a')),
      work('bob', connect('b')),
      work('cy', connect('c')),
      work('di', heartbeat('a')),
    ];
    const states = await store.applySessions(works, NOW);
    expect(states.map(({ sessions, sessionsRev, found }) => [sessions.length, sessionsRev, found[0]])).toEqual([
      [0, 1, true],
      [1, 1, false],
      [1, 1, false],
      [1, 1, true],
    ]);
  });

  it('does not write over a session that upstream’s own service adds meanwhile', async () => {
    const store = await openStore();
    await store.applySessions([work('ann', connect('a'))], NOW);
    const real = db.collection<{ _id: string; connections: object[] }>('usersSessions');
    const update = jest.spyOn(Object.getPrototypeOf(real) as { bulkWrite: typeof real.bulkWrite }, 'bulkWrite');
    // Typed as one of the overloads only, which all take what they are given.
    const meanwhile = async function (this: typeof real, ...args: Parameters<typeof real.bulkWrite>) {
      await real.updateOne(
        { _id: 'ann' },
        { $push: { connections: { id: 'theirs', instanceId: 'x', status: 'online' } } },
      );
      return this.bulkWrite(...args);
    };
    update.mockImplementationOnce(meanwhile);
    const { sessions } = (await store.applySessions([work('ann', connect('b'))], NOW))[0]!;
    update.mockRestore();
    expect(sessions.map(({ id }) => id)).toEqual(['a', 'theirs', 'b']);
  });

  it('sends a constant number of commands whatever the size of a flush', async () => {
    const uids = Array.from({ length: 256 }, (_, i) => `user-${i}`);
    await seed(...uids.map((uid) => ({ ...userRecord(uid), status: 'offline' })));
    let commands: string[] = [];
    const store = await openStore((name) => commands.push(name));
    commands = [];
    const states = await store.applySessions(
      uids.map((uid) => work(uid, connect(`of ${uid}`))),
      NOW,
    );
    expect(commands.sort()).toEqual(['find', 'find', 'update']);
    commands = [];
    const writes = states.map(({ user, sessionsRev }) => next(user!, { status: 'online' }, sessionsRev));
    await store.writePresence(writes);
    await store.sessionsMoved(writes);
    expect(commands.sort()).toEqual(['find', 'update']);
    commands = [];
    await store.applySessions(
      uids.map((uid) => work(uid, heartbeat(`of ${uid}`))),
      NOW,
    );
    expect(commands.sort()).toEqual(['find', 'find']);
  });
});
