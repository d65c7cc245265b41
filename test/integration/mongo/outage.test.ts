import { freshDatabase, startMongo, withDb, type MongoServer } from '../../helpers/mongo-server';
import { eventually } from '../../helpers/eventually';
import { startReplica, type Replica } from '../../helpers/replica';
import { onOwnMongo } from '../../helpers/suites';

/**
 * The database goes away and comes back: calls wait, then fail with a typed error; nothing acknowledged is lost.
 * A server that MONGO_URL names is not ours to kill or restart.
 */
onOwnMongo('mongo/outage')('a database that goes away', () => {
  let server: MongoServer;
  let url: string;
  const replicas: Replica[] = [];

  beforeEach(async () => {
    server = await startMongo({ durable: true });
    url = freshDatabase(server).url;
  });
  afterEach(async () => {
    for (const replica of replicas.splice(0)) await replica.stop();
    await server.stop();
  });

  async function replica(requestTimeoutS: number): Promise<Replica> {
    const one = await startReplica({
      nodeID: 'alone',
      mongoUrl: url,
      env: { REQUEST_TIMEOUT: String(requestTimeoutS) },
    });
    replicas.push(one);
    return one;
  }
  const connect = ({ broker }: Replica, uid: string) =>
    broker.call('presence.newConnection', [uid, `of ${uid}`, 'node1']);
  const sessionsStored = () =>
    withDb(url, (db) => db.collection<{ _id: string }>('usersSessions').find({}).sort({ _id: 1 }).toArray());

  it('and comes back within the time-out makes calls wait, and loses none', async () => {
    const node = await replica(20);
    await connect(node, 'before');
    await server.kill();
    const waiting = ['a', 'b', 'c'].map((uid) => connect(node, uid));
    await eventually(() => expect(node.store.isThere).toBe(false), { timeoutMs: 15_000 });
    await server.restart();
    await Promise.all(waiting);
    await connect(node, 'd');
    expect(node.store.isThere).toBe(true);
    expect((await sessionsStored()).map(({ _id }) => _id)).toEqual(['a', 'b', 'before', 'c', 'd']);
  });

  it('is in the log, once when it goes and once when it is back, with the reason', async () => {
    const node = await replica(20);
    const presence = node.broker.getLocalService('presence');
    const said: string[] = [];
    jest.spyOn(presence.logger, 'error').mockImplementation((line: string) => void said.push(line));
    jest.spyOn(presence.logger, 'warn').mockImplementation((line: string) => void said.push(line));
    const about = () => said.filter((line) => line.startsWith('store '));
    await server.kill();
    const waiting = connect(node, 'a');
    await eventually(() => expect(about()).toEqual([expect.stringMatching(/^store unavailable: .*ECONNREFUSED/)]), {
      timeoutMs: 15_000,
    });
    await server.restart();
    await waiting;
    await eventually(() => expect(about().slice(1)).toEqual([expect.stringMatching(/^store available again after/)]));
    expect(about().join()).not.toContain('mongodb://');
  });

  it('for longer makes calls fail with a typed, retryable error, and works by itself when it is back', async () => {
    const node = await replica(2);
    await connect(node, 'before');
    await server.kill();
    await expect(connect(node, 'during')).rejects.toMatchObject({
      type: 'STORE_UNAVAILABLE',
      code: 503,
      retryable: true,
    });
    expect(node.store.isThere).toBe(false);
    await expect(node.broker.call('presence.getMany', [['before', 'nobody']])).resolves.toEqual([
      { uid: 'before', status: 'unknown', reason: 'store-unavailable' },
      { uid: 'nobody', status: 'unknown', reason: 'store-unavailable' },
    ]);
    await server.restart();
    await eventually(() => connect(node, 'after'), { timeoutMs: 15_000 });
    expect((await sessionsStored()).map(({ _id }) => _id)).toEqual(expect.arrayContaining(['after', 'before']));
  });
});
