import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { freshDatabase, startMongo, withDb, type MongoServer } from '../../helpers/mongo-server';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { startReplica, type Replica } from '../../helpers/replica';
import { onOwnMongo } from '../../helpers/suites';

const TOKEN = 'a-token-of-an-operator';

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
    if (server.pid) process.kill(server.pid, 'SIGCONT');
    for (const replica of replicas.splice(0)) await replica.stop();
    await server.stop();
  });

  async function replica(requestTimeoutS: number, env: Record<string, string> = {}): Promise<Replica> {
    const one = await startReplica({
      nodeID: 'alone',
      mongoUrl: url,
      env: { REQUEST_TIMEOUT: String(requestTimeoutS), ...env },
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

  it.each([
    ['is killed', () => server.kill()],
    ['hangs', () => Promise.resolve(process.kill(server.pid!, 'SIGSTOP'))],
  ])('because it %s makes every call fail as promised, whatever it waits for, over each door', async (_how, end) => {
    const port = await freePort();
    const node = await replica(3, { PORT: String(port), API_TOKENS: `ops:admin:${TOKEN}` });
    await connect(node, 'ann');
    const fault = (call: Promise<unknown>) =>
      call.then(
        () => 'none',
        (error: { type?: string }) => error.type,
      );
    const set = (text: string) => fault(node.broker.call('presence.setStatus', ['ann', 'busy', text]));
    const put = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/users/ann/status`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ status: 'busy' }),
      });
      return ((await answer.json()) as { code: string }).code;
    };
    await end();
    const first = [set('first'), put()];
    // The next ones wait for the flush of the first, and then for their own.
    await eventually(() => expect(node.store.isThere).toBe(false), { timeoutMs: 15_000 });
    const next = [set('next'), put(), fault(node.broker.call('history.list', { uid: 'ann' }))];
    expect(await Promise.all([...first, ...next])).toEqual(new Array(5).fill('STORE_UNAVAILABLE'));
    if (server.pid) process.kill(server.pid, 'SIGCONT');
    await server.restart(); // a replica stops sooner with it
  });

  it('because it hangs is noticed though its connections stand, and by what it answers that it is back', async () => {
    const store = new MongoStore({
      url,
      patienceMs: 20_000,
      hangsAfterMs: 200,
      refreshAfterMs: 1,
      makesIndexes: () => true,
    });
    await store.open();
    try {
      process.kill(server.pid!, 'SIGSTOP');
      const asked: Promise<unknown>[] = [];
      await eventually(() => {
        asked.push(store.timeMs()); // the first may be answered still
        expect([store.isThere, store.availability.fault]).toEqual([false, 'no answer for 0.2 s']);
      });
      process.kill(server.pid!, 'SIGCONT');
      await Promise.all(asked);
      expect(store.isThere).toBe(true);
    } finally {
      await store.close();
    }
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
