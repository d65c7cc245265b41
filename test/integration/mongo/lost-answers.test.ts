import type { Collection, Db } from 'mongodb';
import { MongoClient, MongoNetworkError } from 'mongodb';
import type { SessionCommand } from '../../../domain/sessions';
import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { connect, disconnect, heartbeat, NOW, REFRESH_AFTER_MS, work } from '../../helpers/presence-builders';

/** Removals answer what they removed, also when it takes another attempt to see that they did. */
describe('what a removal found', () => {
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
  beforeEach(async () => {
    database = freshDatabase(server);
    db = client.db(database.name);
    const options = { patienceMs: 10_000, refreshAfterMs: REFRESH_AFTER_MS, makesIndexes: () => true };
    store = new MongoStore({ ...options, url: database.url });
    await store.open();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await store.close();
    await database.drop();
  });

  type Sessions = Collection<{ _id: string }>;
  const sessions = (): Sessions => db.collection('usersSessions');
  /** Another replica adds a session of its own, counting the revision. */
  const otherReplicaAdds = (uid: string) =>
    sessions().updateOne(
      { _id: uid },
      {
        $inc: { rev: 1 },
        $push: { connections: { id: 'theirs', instanceId: 'node9', status: 'online' } },
      },
    );
  /** What happens around the next bulk write to the database, once. */
  const aroundNextWrite = (
    happens: (write: () => Promise<unknown>) => Promise<unknown>,
    method: 'bulkWrite' | 'updateMany' = 'bulkWrite',
  ) => {
    type Write = (this: Record<typeof method, Write>, ...args: readonly unknown[]) => Promise<unknown>;
    const prototype = Object.getPrototypeOf(sessions()) as Record<typeof method, Write>;
    jest.spyOn(prototype, method).mockImplementationOnce(function (this: Record<typeof method, Write>, ...args) {
      return happens(async () => this[method](...args));
    });
  };
  /** The sessions of an instance are dropped by one command for all users. */
  const methodOf = ({ kind }: SessionCommand) => (kind === 'dropInstance' ? 'updateMany' : 'bulkWrite');

  const REMOVALS: readonly SessionCommand[] = [
    disconnect('a'),
    { kind: 'dropInstance', instanceId: 'node1' },
    { kind: 'dropOtherInstances', keep: new Set(['node9']) },
  ];

  it.each(REMOVALS)('is told when the answer of the write got lost: $kind', async (removal) => {
    await store.applySessions([work('ann', connect('a'))], NOW);
    aroundNextWrite(async (write) => {
      await write();
      await otherReplicaAdds('ann');
      throw new MongoNetworkError('connection closed');
    }, methodOf(removal));
    const [ann] = await store.applySessions([work('ann', removal)], NOW);
    expect(ann).toMatchObject({ found: [true], sessions: [{ id: 'theirs' }], sessionsRev: 3 });
  });

  it.each(REMOVALS)('is told when another replica wrote over it before we looked: $kind', async (removal) => {
    await store.applySessions([work('ann', connect('a')), work('bob', connect('b'))], NOW);
    aroundNextWrite(async (write) => {
      await otherReplicaAdds('bob'); // so that a race is lost, and which one must be looked for
      const result = await write();
      await otherReplicaAdds('ann');
      return result;
    }, methodOf(removal));
    const works = [work('ann', removal), work('bob', connect('c'))];
    const [ann, bob] = await store.applySessions(works, NOW);
    expect(ann).toMatchObject({ found: [true], sessions: [{ id: 'theirs' }] });
    expect(bob).toMatchObject({ found: [false], sessions: [{ id: 'b' }, { id: 'theirs' }, { id: 'c' }] });
  });

  it('is what the last attempt found for anything that removes nothing', async () => {
    await store.applySessions([work('ann', connect('a'))], NOW);
    aroundNextWrite(async (write) => {
      await sessions().updateOne({ _id: 'ann' }, { $inc: { rev: 1 }, $set: { connections: [] } });
      return write();
    });
    const late = NOW + REFRESH_AFTER_MS;
    const [ann] = await store.applySessions([work('ann', heartbeat('a'), disconnect('never'))], late);
    expect(ann).toMatchObject({ found: [false, false], sessions: [{ id: 'a' }] });
  });
});
