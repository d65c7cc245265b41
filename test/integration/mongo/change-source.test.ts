import { MongoClient, type Db } from 'mongodb';
import { changeStreamOf, type ChangeHandlers, type ChangeSource } from '../../../lib/store/mongo/change-source';
import { MongoConnection } from '../../../lib/store/mongo/connection';
import { oplogOf, probeOplog } from '../../../lib/store/mongo/oplog';
import { eventually } from '../../helpers/eventually';
import { startMongoProxy } from '../../helpers/mongo-proxy';
import { freshDatabase, startMongo, withDb, type MongoServer } from '../../helpers/mongo-server';
import { onProxiedMongo } from '../../helpers/suites';

/** Collections whose changes are told to nobody. */
const OTHERS = ['rocketchat_message', 'usersSessions'];

/** What is told of writes that are past this service, from wherever they are told. */
describe.each(['a change stream', 'the oplog'] as const)('changes from %s', (kind) => {
  let server: MongoServer;
  let client: MongoClient;
  let connection: MongoConnection;
  let database: ReturnType<typeof freshDatabase>;
  let db: Db;
  let told: string[];
  let close: () => Promise<void>;

  const handlers: ChangeHandlers = {
    changed: (uid) => told.push(uid),
    marked: (id, mark) => told.push(`${id}=${mark}`),
    ended: () => told.push('ended'),
  };
  const source = (): ChangeSource =>
    kind === 'the oplog' ? oplogOf(server.url('local'), () => database.name) : changeStreamOf(connection);
  const users = () => db.collection<{ _id: string; name?: string }>('users');
  const markers = () => db.collection<{ _id: string; mark: number }>('presence_markers');
  const mark = (number: number) => markers().updateOne({ _id: 'me' }, { $set: { mark: number } }, { upsert: true });

  /** A stream may begin a moment after it is opened: until a mark comes nothing counts. @param number marks are greater */
  async function untilMarked(number: number): Promise<void> {
    let sent = number;
    await eventually(async () => {
      await mark((sent += 1));
      expect(told.length).toBeGreaterThan(0);
    });
    await eventually(() => expect(told).toContain(`me=${sent}`));
  }

  beforeAll(async () => {
    server = await startMongo();
    database = freshDatabase(server);
    client = await MongoClient.connect(server.url('admin'));
    db = client.db(database.name);
    connection = new MongoConnection({ url: database.url, patienceMs: 5_000 });
    await connection.open();
    await users().insertOne({ _id: 'before' });
  });
  afterAll(async () => {
    await connection.close();
    await database.drop();
    await client.close();
    await server.stop();
  });
  beforeEach(async () => {
    told = [];
    close = await source().open(handlers);
    await untilMarked(1);
    told = [];
  });
  afterEach(() => close());

  test('whose documents were written, in the order of the writes, and what markers say', async () => {
    await users().insertOne({ _id: 'ann', name: 'Ann' });
    await users().updateOne({ _id: 'ann' }, { $set: { name: 'Anne' } });
    await mark(101);
    await users().replaceOne({ _id: 'ann' }, { name: 'Anna' });
    for (const name of OTHERS) await db.collection<{ _id: string }>(name).insertOne({ _id: 'ann' });
    await client.db(`${database.name}2`).collection<{ _id: string }>('users').insertOne({ _id: 'somebody else' });
    await mark(102);
    await users().deleteOne({ _id: 'ann' });
    await mark(103);
    await eventually(() => expect(told).toEqual(['ann', 'ann', 'me=101', 'ann', 'me=102', 'ann', 'me=103']));
    await client.db(`${database.name}2`).dropDatabase();
  });

  test('every one of many at once', async () => {
    const uids = Array.from({ length: 2_500 }, (_, i) => `u${i}`);
    await users().insertMany(uids.map((_id) => ({ _id })));
    await users().updateMany({ _id: { $in: uids.slice(0, 100) } }, { $set: { name: 'changed' } });
    await mark(201);
    await eventually(() => expect(told.at(-1)).toBe('me=201'));
    expect(told.slice(0, -1).sort()).toEqual([...uids, ...uids.slice(0, 100)].sort());
  });

  test('what a transaction writes', async () => {
    await users().insertMany([{ _id: 'tom' }, { _id: 'tim' }]);
    const session = client.startSession();
    await session.withTransaction(async () => {
      await users().updateOne({ _id: 'tom' }, { $set: { name: 'Tom' } }, { session });
      await users().updateOne({ _id: 'tim' }, { $set: { name: 'Tim' } }, { session });
    });
    await session.endSession();
    await mark(301);
    await eventually(() => expect(told).toEqual(['tom', 'tim', 'tom', 'tim', 'me=301']));
  });

  test('nothing any more once it is closed', async () => {
    await close();
    await users().insertOne({ _id: 'late' });
    told = [];
    close = await source().open(handlers);
    await untilMarked(400);
    expect(told.filter((word) => !word.startsWith('me='))).toEqual([]);
  });
});

onProxiedMongo('mongo/change-source')('a change stream whose connection breaks', () => {
  test('goes on by itself, and tells what was written meanwhile', async () => {
    const server = await startMongo();
    const proxy = await startMongoProxy(server.url);
    const database = freshDatabase(server);
    const connection = new MongoConnection({ url: proxy.url(database.name), patienceMs: 5_000 });
    await connection.open();
    const told: string[] = [];
    const handlers = { changed: (uid: string) => told.push(uid), marked: () => 0, ended: () => told.push('ended') };
    const close = await changeStreamOf(connection).open(handlers);
    const write = (_id: string) =>
      withDb(database.url, (db) => db.collection<{ _id: string }>('users').insertOne({ _id }));
    let first = 0;
    await eventually(async () => {
      await write(`first ${(first += 1)}`); // a stream may begin a moment after it is opened
      expect(told).not.toEqual([]);
    });
    proxy.intercept(({ name }) => (name === 'getMore' ? { carryOut: 'nothing', answer: 'cut' } : undefined));
    proxy.cutAll();
    await write('meanwhile');
    proxy.intercept(undefined);
    await eventually(() => expect(told.at(-1)).toBe('meanwhile'), { timeoutMs: 10_000 });
    await write('later');
    await eventually(() => expect(told.at(-1)).toBe('later'), { timeoutMs: 10_000 });
    expect(told).not.toContain('ended');
    await close();
    await connection.close();
    await proxy.stop();
    await database.drop();
    await server.stop();
  });
});

test('a node does not start on an oplog that is not there, and tells no URL', async () => {
  const nowhere = 'mongodb://ann:secret@127.0.0.1:1/local';
  const told = await probeOplog(nowhere).then(String, String);
  expect(told).toMatch(/^Error: MONGO_OPLOG_URL: the oplog cannot be read: .*(refused|connect)/i);
  expect(told).not.toContain('secret');
});
