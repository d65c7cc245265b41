import { MongoClient, type MongoClientOptions } from 'mongodb';
import { canProxy, startMongoProxy, type Action, type Command, type MongoProxy } from '../helpers/mongo-proxy';
import { eventually } from '../helpers/eventually';
import { freshDatabase, startMongo, type MongoServer } from '../helpers/mongo-server';
import { messageSplitter, readRequest } from '../helpers/mongo-wire';
import { startReplica } from '../helpers/replica';
import { onProxiedMongo } from '../helpers/suites';

const NOT_PRIMARY = { ok: 0, code: 10107, codeName: 'NotWritablePrimary', errmsg: 'not primary' };

onProxiedMongo('mongo-proxy')('a proxy before MongoDB', () => {
  let server: MongoServer;
  let database: ReturnType<typeof freshDatabase>;
  let proxy: MongoProxy;
  let client: MongoClient;
  let direct: MongoClient;

  beforeAll(async () => {
    server = await startMongo();
    database = freshDatabase(server);
    direct = await connectTo(database.url);
  });
  afterAll(async () => {
    await direct?.close();
    await database?.drop();
    await server?.stop();
  });
  beforeEach(async () => {
    proxy = await startMongoProxy(server.url);
    // With its retries the driver would hide the first failure of each write.
    client = await connectTo(`${proxy.url(database.name)}&retryWrites=false`, { monitorCommands: true });
    await direct.db().collection('things').deleteMany({});
  });
  afterEach(async () => {
    await client.close(true);
    await proxy.stop();
  });

  const connectTo = (url: string, more: MongoClientOptions = {}): Promise<MongoClient> =>
    MongoClient.connect(url, {
      serverSelectionTimeoutMS: 2_000,
      ...more,
    });
  const things = () => client.db().collection<{ _id: string; n?: number }>('things');
  const stored = async () =>
    (await direct.db().collection<{ _id: string }>('things').find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
  /** What becomes of a command by its name. */
  const decide = (name: string, action: Action) =>
    proxy.intercept((command) => (command.name === name ? action : undefined));

  it('shows every command a driver sends, whole, from the handshake on', async () => {
    const seen: Command[] = [];
    const sent: string[] = [];
    proxy.intercept((command) => void seen.push(command));
    client.on('commandStarted', (event: { commandName: string }) => sent.push(event.commandName));
    await things().insertOne({ _id: 'a' });
    await things().find({ _id: 'a' }).batchSize(1).toArray();
    await things().findOneAndUpdate({ _id: 'a' }, { $set: { n: 1 } });
    expect(sent).toEqual(expect.arrayContaining(['insert', 'find', 'findAndModify']));
    expect(seen.map(({ name }) => name).filter((name) => sent.includes(name))).toEqual(sent);
    expect(seen.find(({ name }) => name === 'insert')).toMatchObject({
      collection: 'things',
      document: { documents: [{ _id: 'a' }], $db: database.name },
    });
    const late = await connectTo(proxy.url(database.name));
    await late.close();
    expect(new Set(seen.map(({ name }) => name.toLowerCase()))).toContain('ismaster');
    expect(new Set(seen.map(({ connection }) => connection)).size).toBeGreaterThan(1);
  });

  it('is not gone past, although the server tells its own address in the handshake', async () => {
    const { topology } = client as unknown as { topology: { description: { servers: ReadonlyMap<string, unknown> } } };
    expect([...topology.description.servers.keys()]).toEqual([/127\.0\.0\.1:\d+/.exec(proxy.url('x'))![0]]);
    await proxy.stop();
    await expect(client.db().command({ ping: 1 })).rejects.toThrow();
    await expect(direct.db().command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
    proxy = await startMongoProxy(server.url); // for the clean-up
  });

  it('is not gone past by a presence node either', async () => {
    const seen: string[] = [];
    proxy.intercept(({ name, collection }) => void seen.push(`${name} ${collection}`));
    const node = await startReplica({ nodeID: 'behind', mongoUrl: proxy.url(database.name) });
    try {
      await node.broker.call('presence.newConnection', ['ann', 's1', 'core-1']);
      expect(seen).toEqual(expect.arrayContaining(['update usersSessions', 'update users']));
      proxy.intercept(({ collection }) => (collection ? { answer: 'cut', carryOut: 'nothing' } : undefined));
      proxy.cutAll();
      await eventually(() => expect(node.store.isThere).toBe(false));
    } finally {
      proxy.intercept(undefined);
      await node.stop();
    }
  });

  it('answers in place of the server, which then gets nothing', async () => {
    decide('insert', { carryOut: 'nothing', answer: NOT_PRIMARY });
    await expect(things().insertOne({ _id: 'a' })).rejects.toMatchObject({ code: 10107, message: 'not primary' });
    proxy.intercept(undefined);
    await things().insertOne({ _id: 'b' });
    expect(await stored()).toEqual(['b']);
  });

  it('lets the server carry out a command and loses the answer', async () => {
    decide('insert', { answer: 'cut' });
    await expect(things().insertOne({ _id: 'a' })).rejects.toMatchObject({ name: 'MongoNetworkError' });
    expect(await stored()).toEqual(['a']);
  });

  it('lets the server carry out half a command, types unharmed, and answers as it is told', async () => {
    decide('insert', { carryOut: 'half', answer: { ...NOT_PRIMARY, code: 11602 } });
    const at = new Date();
    const documents = ['a', 'b', 'c', 'd', 'e'].map((_id) => ({ _id, n: 1, half: 0.5, at, bytes: Buffer.from('x') }));
    await expect(things().insertMany(documents)).rejects.toMatchObject({ code: 11602 });
    expect(await stored()).toEqual(['a', 'b', 'c']);
    const a: unknown = await direct
      .db()
      .collection<{ _id: string }>('things')
      .findOne({ _id: 'a', n: { $type: 'int' }, half: { $type: 'double' } });
    expect(a).toMatchObject({
      n: 1,
      half: 0.5,
      at,
      bytes: expect.objectContaining({ buffer: Buffer.from('x') }) as object,
    });
  });

  it('holds a command before it is carried out, and its answer after', async () => {
    let release = () => {};
    const steps: string[] = [];
    const held = (step: string) => () => {
      steps.push(step);
      return new Promise<void>((resolve) => (release = resolve));
    };
    decide('insert', { before: held('before'), after: held('after') });
    const inserted = things()
      .insertOne({ _id: 'a' })
      .then(() => steps.push('answered'));
    await eventually(() => expect(steps).toEqual(['before']));
    expect(await stored()).toEqual([]);
    release();
    await eventually(() => expect(steps).toEqual(['before', 'after']));
    expect(await stored()).toEqual(['a']);
    release();
    await inserted;
    expect(steps).toEqual(['before', 'after', 'answered']);
  });

  it('says at its end what went wrong inside it', async () => {
    decide('insert', {
      before: () => {
        throw new Error('a hook that fails');
      },
    });
    await expect(things().insertOne({ _id: 'a' })).rejects.toMatchObject({ name: 'MongoNetworkError' });
    await expect(proxy.stop()).rejects.toThrow('a hook that fails');
    proxy = await startMongoProxy(server.url); // for the clean-up
  });

  it('finds messages in whatever pieces they arrive', () => {
    const messages = [20, 16, 300].map((length) => {
      const bytes = Buffer.alloc(length, length);
      bytes.writeInt32LE(length, 0);
      return bytes;
    });
    const whole = Buffer.concat(messages);
    for (const size of [1, 7, 16, 21, whole.length]) {
      const split = messageSplitter();
      const found: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) found.push(...split(whole.subarray(at, at + size)));
      expect(found).toEqual(messages);
    }
    expect(() => messageSplitter()(Buffer.from('GET / HTTP/1.1\r\n'))).not.toThrow(); // a long message, as far as it is there
    expect(() => messageSplitter()(Buffer.alloc(16))).toThrow('not MongoDB');
    expect(() => readRequest(messages[0]!)).toThrow('does not know');
  });

  it('refuses servers it could not stand before', () => {
    expect(canProxy('mongodb://user:word@host:1/db?authSource=admin')).toBe(true);
    for (const url of ['mongodb://a:1,b:2/db', 'mongodb+srv://a/db', 'mongodb://a/db?tls=true']) {
      expect(canProxy(url)).toBe(false);
    }
  });
});
