import { shown } from '../helpers/bus-fixture';
import { claimLane, Load, sessionLane } from '../helpers/chaos-load';
import { gaps, halfDone, lostClaims, lostSessions, settled, storedIn, untrueRevs } from '../helpers/chaos-oracle';
import { eventually } from '../helpers/eventually';
import { freshDatabase, sizes, startMongo, withDb, type MongoServer } from '../helpers/mongo-server';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { startPresenceProcess, type PresenceProcess } from '../helpers/presence-process';
import { startRocketChatNode, type RocketChatNode } from '../helpers/rocket-chat-node';
import { onOwnMongo } from '../helpers/suites';

const CORE = 'core-1';
/** Two, so that there are races between replicas too while writes are tried again. */
const NODES = ['presence-1', 'presence-2'];
const KILLS = 3;
const SYNC_INTERVAL_MS = 500;
/** "Within a few": the one that leads walks through all users once an interval. */
const REPAIRED = { timeoutMs: 10 * SYNC_INTERVAL_MS };
const PATIENT = { timeoutMs: 30_000 };

/** On real processes; a server that MONGO_URL names is not ours to kill. */
onOwnMongo('database-kill')('a database server that is killed under load', () => {
  let mongo: MongoServer;
  let nats: NatsServer;
  let database: ReturnType<typeof freshDatabase>;
  let core: RocketChatNode;
  let replicas: PresenceProcess[] = [];

  beforeAll(async () => {
    mongo = await startMongo({ durable: true });
    nats = await startNats();
    database = freshDatabase(mongo);
    core = await startRocketChatNode(nats.url, CORE);
    replicas = await Promise.all(NODES.map(startReplica));
  }, 60_000);
  afterAll(async () => {
    for (const { process } of replicas) await process.end('SIGKILL');
    await core?.stop();
    await nats?.stop();
    await mongo?.stop();
  });

  const startReplica = (id: string) =>
    startPresenceProcess(core, {
      id,
      natsUrl: nats.url,
      mongoUrl: database.url,
      env: {
        REQUEST_TIMEOUT: '10', // as the caller's
        SYNC_INTERVAL: String(SYNC_INTERVAL_MS),
        SESSION_LEASE: '600', // longer than the test: no session may end by itself
        HEARTBEAT_TIMEOUT: '10',
      },
    });

  const allSay = (health: number) =>
    eventually(async () => {
      for (const replica of replicas) expect(await replica.health()).toBe(health);
    }, PATIENT);

  /** Between the two every replica has noticed, so that what is under way and what is new both wait. */
  async function killAndRestart(): Promise<void> {
    await mongo.kill();
    await allSay(500);
    await mongo.restart();
    await allSay(200);
  }

  /** Users that nobody calls about while the database is killed. */
  async function bystanders(): Promise<readonly string[]> {
    const uids = Array.from({ length: sizes(mongo, 50) }, (_, i) => `bystander-${i}`);
    await Promise.all(uids.map((uid) => core.call('newConnection', uid, `${uid}/s`, CORE)));
    await Promise.all(uids.map((uid) => core.call('setStatus', uid, 'busy', 'in a meeting')));
    return uids;
  }

  it('three times: no call fails, nothing acknowledged is lost, nothing is told twice, nobody else flips', async () => {
    const uids = Array.from({ length: sizes(mongo, 100) }, (_, i) => `user-${i}`);
    const callsBetween = sizes(mongo, 500);
    const sessions = uids.flatMap((uid) => [1, 2].map((i) => sessionLane(uid, `${uid}/s${i}`, CORE)));
    const claims = uids.map(claimLane);
    const untouched = await bystanders();
    await Promise.all(sessions.map((lane) => lane.begin(core)));

    const load = new Load(core, [...sessions, ...claims], sizes(mongo, 64));
    const goesOn = async () => {
      const goal = load.acknowledged + callsBetween;
      await eventually(() => expect(load.acknowledged).toBeGreaterThanOrEqual(goal), PATIENT);
    };
    await goesOn();
    for (let kill = 0; kill < KILLS; kill++) {
      await killAndRestart();
      await goesOn();
    }
    await load.stop();
    // On a machine so busy that a replica took the caller for lost, it rightly dropped sessions: say that, not "lost".
    expect(replicas.filter(({ process }) => process.output.includes(`not received from '${CORE}'`))).toEqual([]);
    expect({ faults: load.faults, failed: load.failed }).toEqual({ faults: [], failed: 0 });

    const after = await eventually(async () => {
      const stored = await withDb(database.url, storedIn);
      expect(halfDone(stored)).toEqual([]);
      return stored;
    }, REPAIRED);
    expect(lostSessions(sessions, after)).toEqual([]);
    expect(lostClaims(claims, after)).toEqual([]);
    expect(settled([...sessions, ...claims])).toBe(sessions.length + claims.length);
    expect(uids.flatMap((uid) => untrueRevs(core, uid, after))).toEqual([]);
    expect(uids.flatMap((uid) => gaps(core, uid))).toEqual([]);
    expect(untouched.filter((uid) => shown(core, uid).join() !== 'online,busy')).toEqual([]);
    expect(untouched.filter((uid) => after.sessions.get(uid)?.length !== 1)).toEqual([]);
  }, 180_000);
});
