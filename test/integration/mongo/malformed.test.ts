import { MongoClient, type Db } from 'mongodb';
import { PresenceEngine } from '../../../lib/desk/engine';
import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { recompute, session, setActive } from '../../helpers/engine-fixture';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { connect, disconnect, NOW, REFRESH_AFTER_MS } from '../../helpers/presence-builders';

/** Others write to this database, and by mistake anything: no document of theirs stops a user, or a batch. */
describe.each([
  ['Rocket.Chat’s users', true],
  ['users of our own', false],
])('a database with %s', (_name, isRocketChats) => {
  let server: MongoServer;
  let client: MongoClient;
  let database: ReturnType<typeof freshDatabase>;
  let db: Db;
  let store: MongoStore;
  let engine: PresenceEngine;

  beforeAll(async () => {
    server = await startMongo();
    client = await MongoClient.connect(server.url('admin'), { useNewUrlParser: true, useUnifiedTopology: true });
    database = freshDatabase(server);
    db = client.db(database.name);
    if (isRocketChats) await db.collection('rocketchat_settings').insertOne({ _id: 'Site_Url' as never });
    const options = { historyDays: 30, patienceMs: 10_000, refreshAfterMs: REFRESH_AFTER_MS, makesIndexes: () => true };
    store = new MongoStore({ ...options, url: database.url });
    await store.open();
    engine = new PresenceEngine({ store, clock: () => NOW, onChanges: () => undefined });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
    await client.close();
    await server.stop();
  });

  const put = (collection: string, document: object) => db.collection(collection).insertOne(document);
  const stored = (collection: string, _id: string) =>
    db.collection<{ _id: string } & Record<string, unknown>>(collection).findOne({ _id });
  const answers = async (...commands: Parameters<PresenceEngine['run']>[0]) => {
    for (const result of await engine.run(commands)) expect(result).toMatchObject({ known: true });
  };

  const JUNK = ['7', null, Number.NaN, -3, 7.5, 0.5, Infinity, -Infinity, true, {}, [], [7], new Date(NOW), 1e300];

  test.each(JUNK.map((rev, i) => [`${JSON.stringify(rev)} (${i})`, rev]))(
    'a presenceRev of %s is put right with the next change, which is no lost race',
    async (name, presenceRev) => {
      const uid = `user ${name}`;
      await put('users', { _id: uid, username: uid, type: 'user', presenceRev });
      await answers(session(uid, connect('a')));
      await answers(setActive(uid, 'busy'));
      await answers(session(uid, disconnect('a')));
      const now = (await stored('users', uid))!;
      expect(now.status).toBe('offline');
      expect(now.presenceRev).toBe(presenceRev === 7.5 ? 10 : 3);
    },
  );

  test.each(JUNK.map((rev, i) => [`${JSON.stringify(rev)} (${i})`, rev]))(
    'a rev of sessions of %s is put right with the next change, also where a lost node’s are dropped at once',
    async (name, rev) => {
      const uid = `sessions ${name}`;
      const entry = {
        id: 'a',
        instanceId: 'lost',
        status: 'online',
        _createdAt: new Date(NOW),
        _updatedAt: new Date(NOW),
      };
      for (const one of [uid, `${uid} 2`]) {
        await put('users', { _id: one, username: one, type: 'user' });
        await put('usersSessions', { _id: one, connections: [entry], rev });
      }
      await answers(session(uid, connect('b')));
      expect((await stored('usersSessions', uid))!.rev).toBe(rev === 7.5 ? 8 : 1);
      await answers(session(`${uid} 2`, { kind: 'dropInstance', instanceId: 'lost' }));
      expect((await stored('usersSessions', `${uid} 2`))!.connections).toEqual([]);
      await answers(session(`${uid} 2`, connect('c')));
      expect(await stored('users', `${uid} 2`)).toMatchObject({ status: 'online' });
    },
  );

  test.each<[string, object]>([
    ['roles that are no list', { roles: 'bot' }],
    ['roles that are no texts', { roles: [null, 5, { bot: 1 }] }],
    ['an end that is a text', { statusDefault: 'busy', statusExpiresAt: '2030-01-01' }],
    ['an end that is no time', { statusDefault: 'busy', statusExpiresAt: new Date(Number.NaN) }],
    ['a text that is a number', { statusText: 5 }],
    ['a status that is none', { status: 'disabled', statusConnection: 7 }],
    ['a source that is none', { statusSource: 'root', statusId: {} }],
    ['claims that are none', { previousState: 'x', presenceWaiting: { 0: 'y' } }],
    ['a claim of false parts', { previousState: { statusDefault: 'busy', statusText: {}, statusExpiresAt: 'soon' } }],
    ['a last change that is none', { presenceChange: { cause: 5, at: 'now', from: 'x' } }],
    ['marks that are a text', { presenceBy: 'x', presenceRev: 7 }],
    ['marks that are a list', { presenceBy: [1], presenceRev: 7 }],
    ['marks that are null', { presenceBy: null }],
    ['a name that is an object', { name: { first: 'Ann' }, type: ['user'] }],
  ])('a user with %s is shown, and what is of no use goes with the next change', async (what, fields) => {
    const uid = `field ${what}`;
    await put('users', { _id: uid, username: uid, ...fields });
    await answers(session(uid, connect('a')));
    await answers(setActive(uid, 'away', 'internal', { statusText: 'x' }), recompute(uid));
    await answers({ uid, kind: 'claim', claim: { kind: 'clearActive' } });
    const { status, statusText, statusSource, statusId, statusExpiresAt, previousState } = (await stored(
      'users',
      uid,
    ))!;
    expect({ status, statusText }).toEqual({ status: 'online', statusText: '' });
    for (const gone of [statusSource, statusId, statusExpiresAt, previousState]) expect(gone ?? null).toBeNull();
    const [read] = [...(await store.usersOf([uid])).values()];
    expect(read).toMatchObject({ status: 'online', statusConnection: 'online' });
  });

  test.each<[string, unknown]>([
    ['a text', 'x'],
    ['an object', { id: 'a', instanceId: 'n' }],
    ['a list of what is none', [null, 5, 'a', { id: 7 }]],
    ['a list of sessions with false times', [{ id: 'z', instanceId: 'n', status: 'online', _updatedAt: 'now' }]],
    [
      'a list of sessions with times that are none',
      [{ id: 'z', instanceId: 'n', status: 5, _updatedAt: new Date(Number.NaN) }],
    ],
  ])('connections that are %s stop neither this user nor the rest of the batch', async (what, connections) => {
    const uid = `connections ${what}`;
    for (const one of [uid, `next to ${uid}`]) await put('users', { _id: one, username: one, type: 'user' });
    await put('usersSessions', { _id: uid, connections });
    const lost = { kind: 'dropInstance', instanceId: 'n' } as const;
    const lease = { kind: 'dropStale', beforeMs: NOW - 1, instances: new Set(['n']) } as const;
    await answers(session(uid, connect('a')), session(`next to ${uid}`, connect('b')));
    await answers(session(uid, { kind: 'heartbeat', session: 'z', instanceId: 'n' }), session(uid, lease));
    await answers(session(uid, lost), session(`next to ${uid}`, lost));
    for (const one of [uid, `next to ${uid}`]) expect(await stored('users', one)).toMatchObject({ status: 'online' });
    await answers(session(uid, disconnect('a')), session(uid, disconnect('z')));
    expect(await stored('users', uid)).toMatchObject({ status: 'offline' });
  });

  test.each<[string, unknown]>([
    ['beside one that is nothing', [null, { id: 'SESSION', instanceId: 'n' }]],
    ['that is no list', { id: 'SESSION', instanceId: 'n' }],
  ])('a logout of a session %s fails neither this user nor the rest of the batch', async (what, connections) => {
    const uid = `logout ${what}`;
    for (const one of [uid, `next to ${uid}`]) await put('users', { _id: one, username: one, type: 'user' });
    const named = JSON.parse(JSON.stringify(connections).replace('SESSION', `of ${uid}`)) as unknown;
    await put('usersSessions', { _id: uid, connections: named });
    await answers(session(uid, disconnect(`of ${uid}`)), session(`next to ${uid}`, connect('b')));
    expect(await stored('users', `next to ${uid}`)).toMatchObject({ status: 'online' });
    await answers(session(uid, connect('a')), session(uid, disconnect('a')));
    expect(await stored('users', uid)).toMatchObject({ status: 'offline' });
  });

  test('a digest of a day that is damaged is none, and a lease without a time is free', async () => {
    for (const [day, digest] of [
      ['2026-01-01', '{"rows":'],
      ['2026-01-02', 'null'],
      ['2026-01-03', 5],
    ] as const) {
      await put('presence_history_days', { _id: day, digest });
    }
    const range = { fromMs: Date.parse('2026-01-01'), toMs: Date.parse('2026-01-04') };
    for await (const kept of store.history.keptDigests(range)) expect(kept).toBeUndefined();
    await put('presence_leases', { _id: 'a job', holder: 'nobody' });
    expect(await store.lead('a job', 'presence-1', 1_000)).toBe(true);
    expect(await store.lead('a job', 'presence-2', 1_000)).toBe(false);
  });
});
