import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { eventually } from '../../helpers/eventually';
import { startNats } from '../../helpers/nats-server';
import { freshDatabase, sizes, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { startReplica, type Replica } from '../../helpers/replica';
import { startRocketChatNode, type RocketChatNode } from '../../helpers/rocket-chat-node';

const IN_FLIGHT = 256;
/** Commands of jobs that are waited for, to know how often they come. */
const OF_JOBS = 20;

/** Database commands a call, counted by the driver's command monitoring while 256 calls are in flight over the bus. */
describe('database commands a call at 256 in flight', () => {
  let mongo: MongoServer;
  let nats: Awaited<ReturnType<typeof startNats>>;
  let core: RocketChatNode;
  let replica: Replica;
  let commands = 0;
  let calls: number;
  /** What the replica's own jobs send in a millisecond, whoever calls. */
  let ofJobs: number;

  beforeAll(async () => {
    [mongo, nats] = [await startMongo(), await startNats()];
    calls = sizes(mongo, 5120);
    const store = new MongoStore({
      url: freshDatabase(mongo).url,
      patienceMs: 10_000,
      refreshAfterMs: 50_000,
      makesIndexes: () => true,
      onCommand: () => (commands += 1),
    });
    // Background work is kept out of the count: also the stream of what others write, which a stand-in answers without waiting.
    Object.defineProperty(store, 'outsideWrites', { value: undefined });
    replica = await startReplica({ nodeID: 'p-1', natsUrl: nats.url, store, env: { SYNC_INTERVAL: '3600000' } });
    core = await startRocketChatNode(nats.url, 'ddp-1', [], { patient: true });
    await core.broker.waitForServices('presence', 10_000, 20);
    const [before, sinceMs] = [commands, performance.now()];
    await eventually(() => expect(commands - before).toBeGreaterThanOrEqual(OF_JOBS), { timeoutMs: 30_000 });
    ofJobs = (commands - before) / (performance.now() - sinceMs);
  });
  afterAll(async () => {
    await core.stop();
    await replica.stop();
    await nats.stop();
    await mongo.stop();
  });

  /** @returns commands a call, without those that jobs send meanwhile */
  async function perCall(call: (user: number) => Promise<unknown>): Promise<number> {
    const [before, sinceMs] = [commands, performance.now()];
    let next = 0;
    const worker = async () => {
      while (next < calls) await call(next++);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    return (commands - before - ofJobs * (performance.now() - sinceMs)) / calls;
  }

  // In this order: each step is measured on what the one before has left.
  test('a connect costs at most 0.5, a heartbeat that changes nothing at most 0.05, a disconnect at most 0.5', async () => {
    const first = await perCall((u) => core.call('newConnection', `u${u}`, `s${u}`, 'ddp-1'));
    const second = await perCall((u) => core.call('newConnection', `u${u}`, `t${u}`, 'ddp-1'));
    const heartbeat = await perCall((u) => core.call('updateConnection', `u${u}`, `s${u}`));
    const disconnect = await perCall((u) => core.call('removeConnection', `u${u}`, `t${u}`));
    const last = await perCall((u) => core.call('removeConnection', `u${u}`, `s${u}`));
    for (const cost of [first, second, disconnect, last]) expect(cost).toBeLessThanOrEqual(0.5);
    expect(heartbeat).toBeLessThanOrEqual(0.05);
  });

  test('a heartbeat that this replica has not seen before costs at most 0.05 too', async () => {
    await perCall((u) => core.call('newConnection', `u${u}`, `s${u}`, 'ddp-1'));
    const service = replica.broker.getLocalService('presence') as unknown as {
      desk: { forgetLeases(what: 'all'): void };
    };
    service.desk.forgetLeases('all');
    await expect(perCall((u) => core.call('updateConnection', `u${u}`, `s${u}`))).resolves.toBeLessThanOrEqual(0.05);
  });
});
