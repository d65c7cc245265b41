import { eventsOf } from '../helpers/bus-fixture';
import { claimLane, Load, sessionLane } from '../helpers/chaos-load';
import { gaps, halfDone, lostClaims, lostSessions, settled, storedIn, untrueRevs } from '../helpers/chaos-oracle';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { startMongoProxy, type MongoProxy } from '../helpers/mongo-proxy';
import { freshDatabase, sizes, startMongo, withDb, type MongoServer } from '../helpers/mongo-server';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { NodeProcess } from '../helpers/node-process';
import { startRocketChatNode, type RocketChatNode } from '../helpers/rocket-chat-node';
import { isSet, SetStepDowns, StepDowns } from '../helpers/step-down';
import { atFullSize, atFullSizeProxied } from '../helpers/suites';

const CORE = 'core-1';
/** Two, so that there are races between replicas too while writes are tried again. */
const NODES = ['presence-1', 'presence-2'];
const SYNC_INTERVAL_MS = 500;
const STEP_DOWNS = 5;
const AWAY_MS = 2_000;
const PATIENT = { timeoutMs: 30_000 };

/** On real processes: a change of the primary is waited for, and nobody notices but by the time it takes. */
const onSet = isSet(process.env.MONGO_URL);
const suite = onSet ? atFullSize : atFullSizeProxied;

suite('step-down')('a primary that steps down', () => {
  let mongo: MongoServer;
  /** Before a server that cannot step down. */
  let proxy: MongoProxy | undefined;
  let nats: NatsServer;
  let database: ReturnType<typeof freshDatabase>;
  let core: RocketChatNode;
  const nodes: NodeProcess[] = [];

  beforeAll(async () => {
    mongo = await startMongo();
    if (!onSet) proxy = await startMongoProxy(mongo.url);
    nats = await startNats();
    database = freshDatabase(mongo);
    core = await startRocketChatNode(nats.url, CORE);
    await Promise.all(NODES.map(startNode));
  }, 60_000);
  afterAll(async () => {
    for (const node of nodes) await node.end('SIGKILL');
    await core?.stop();
    await nats?.stop();
    await proxy?.stop();
    await database?.drop();
    await mongo?.stop();
  });

  async function startNode(id: string): Promise<void> {
    const node = NodeProcess.start({
      TRANSPORTER: nats.url,
      MONGO_URL: (proxy ?? mongo).url(database.name),
      INSTANCE_ID: id,
      PORT: String(await freePort()),
      REQUEST_TIMEOUT: '10', // as the caller's
      SYNC_INTERVAL: String(SYNC_INTERVAL_MS),
      SESSION_LEASE: '600', // longer than the test: no session may end by itself
      HEARTBEAT_INTERVAL: '1',
      HEARTBEAT_TIMEOUT: '10',
      LOG_LEVEL: 'warn',
    });
    nodes.push(node);
    await eventually(() => core.callAt(id, 'getConnectionCount'), PATIENT);
  }

  it('five times under load fails no call, loses nothing acknowledged and tells each change once', async () => {
    const uids = Array.from({ length: sizes(mongo, 200) }, (_, i) => `user-${i}`);
    const callsBetween = sizes(mongo, 1000);
    const sessions = uids.flatMap((uid) => [1, 2].map((i) => sessionLane(uid, `${uid}/s${i}`, CORE)));
    const claims = uids.map(claimLane);
    await Promise.all(sessions.map((lane) => lane.begin(core)));

    const load = new Load(core, [...sessions, ...claims], sizes(mongo, 64));
    const goesOn = async () => {
      const goal = load.acknowledged + callsBetween;
      await eventually(() => expect(load.acknowledged).toBeGreaterThanOrEqual(goal), PATIENT);
    };
    const simulated = proxy && new StepDowns(proxy);
    const stepDowns = simulated ?? new SetStepDowns(mongo.url('admin'));
    await goesOn();
    for (let round = 0; round < STEP_DOWNS; round++) {
      await stepDowns.once(AWAY_MS);
      await goesOn();
    }
    await load.stop();
    const together = simulated?.underWay.filter(({ size }) => size > 1).map(({ collection }) => collection);
    // Else no write was ever half done. On a slow server there is too little in flight for writes to go together.
    if (together && !mongo.slow) expect(together).toEqual(expect.arrayContaining(['usersSessions', 'users']));
    expect(nodes.filter(({ output }) => output.includes(`not received from '${CORE}'`))).toEqual([]);
    expect({ faults: load.faults, failed: load.failed }).toEqual({ faults: [], failed: 0 });

    const after = await eventually(
      async () => {
        const stored = await withDb(database.url, storedIn);
        expect(halfDone(stored)).toEqual([]);
        return stored;
      },
      { timeoutMs: 10 * SYNC_INTERVAL_MS },
    );
    expect(lostSessions(sessions, after)).toEqual([]);
    expect(lostClaims(claims, after)).toEqual([]);
    expect(settled([...sessions, ...claims])).toBe(sessions.length + claims.length);
    expect(uids.filter((uid) => eventsOf(core, uid).length === 0)).toEqual([]);
    expect(uids.flatMap((uid) => untrueRevs(core, uid, after))).toEqual([]);
    expect(uids.flatMap((uid) => gaps(core, uid))).toEqual([]);
  }, 180_000);
});
