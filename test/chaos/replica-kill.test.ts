import type { Db } from 'mongodb';
import type { Session, Status } from '../../domain/types';
import { availableNodes } from '../../lib/replicas/nodes';
import type { SessionsDocument } from '../../lib/store/mongo/documents';
import { eventsOf, shown } from '../helpers/bus-fixture';
import { claimLane, Load, sessionLane } from '../helpers/chaos-load';
import { halfDone, lostClaims, lostSessions, settled, storedIn, untrueRevs } from '../helpers/chaos-oracle';
import { eventually } from '../helpers/eventually';
import { keptIn } from '../helpers/kept-history';
import { freePort } from '../helpers/free-port';
import { freshDatabase, sizes, startMongo, withDb, type MongoServer } from '../helpers/mongo-server';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { NodeProcess } from '../helpers/node-process';
import { startRocketChatNode, type RocketChatNode } from '../helpers/rocket-chat-node';

const CORE = 'core-1';
const REPLICAS = 3;
const SYNC_INTERVAL_MS = 500;
/** "Within a few": replicas walk through all users once an interval. */
const REPAIRED = { timeoutMs: 10 * SYNC_INTERVAL_MS };
/** A killed node is missed after two times HEARTBEAT_TIMEOUT at the latest, a new one starts in a second or two. */
const PATIENT = { timeoutMs: 30_000 };

/** On real processes: whatever is killed, nothing acknowledged is lost or told twice. */
describe('replicas that are killed and started again under load', () => {
  let mongo: MongoServer;
  let nats: NatsServer;
  let database: ReturnType<typeof freshDatabase>;
  let core: RocketChatNode;
  const replicas: { readonly id: string; readonly process: NodeProcess }[] = [];
  const all: NodeProcess[] = [];

  beforeAll(async () => {
    mongo = await startMongo();
    nats = await startNats();
    database = freshDatabase(mongo);
    core = await startRocketChatNode(nats.url, CORE);
    await Promise.all(Array.from({ length: REPLICAS }, startReplica));
  }, 60_000);
  afterAll(async () => {
    for (const { process } of replicas) await process.end('SIGKILL');
    await core?.stop();
    await nats?.stop();
    await database?.drop();
    await mongo?.stop();
  });

  /** Starts one more, under a name never used before, and waits until it serves. */
  async function startReplica(): Promise<void> {
    const PORT = String(await freePort());
    const id = `presence-${all.length + 1}`;
    const process = NodeProcess.start({
      TRANSPORTER: nats.url,
      MONGO_URL: database.url,
      INSTANCE_ID: id,
      PORT,
      SYNC_INTERVAL: String(SYNC_INTERVAL_MS),
      SESSION_LEASE: '600', // longer than the test: no session may end by itself
      HEARTBEAT_INTERVAL: '1',
      HEARTBEAT_TIMEOUT: '10',
      LOG_LEVEL: 'warn',
    });
    all.push(process);
    replicas.push({ id, process });
    await eventually(() => core.callAt(id, 'getConnectionCount'), PATIENT);
  }

  async function killOldest(): Promise<void> {
    const { id, process } = replicas.shift()!;
    await process.end('SIGKILL');
    await eventually(() => expect(availableNodes(core.broker).has(id)).toBe(false), PATIENT);
  }

  const inDb = <T>(work: (db: Db) => Promise<T>) => withDb(database.url, work);
  const stored = () => inDb(storedIn);

  /** Every user is shown as the sessions and claims that are stored say. */
  const isWhole = async () => expect(halfDone(await stored())).toEqual([]);

  async function shows(uid: string, status: Status): Promise<void> {
    const { users } = await stored();
    expect(users.get(uid)?.status).toBe(status);
  }

  /** As a replica leaves it that ends between its two writes: sessions changed and counted, presence not decided. */
  const crashBetweenWrites = (uid: string, connections: readonly Session[]) =>
    inDb((db) =>
      db
        .collection<SessionsDocument>('usersSessions')
        .updateOne({ _id: uid }, { $set: { connections }, $inc: { rev: 1 } }),
    );

  it('repair what was left half done, and tell it once although all of them look', async () => {
    const at = new Date();
    const session = { id: 'hand', instanceId: CORE, status: 'online' as const, _createdAt: at, _updatedAt: at };
    for (const round of [1, 2, 3, 4]) {
      const [left, joined] = [`left-${round}`, `joined-${round}`];
      await core.call('newConnection', left, `${left}/s`, CORE);
      await core.call('newConnection', joined, `${joined}/s`, CORE);
      await core.call('removeConnection', joined, `${joined}/s`);
      await crashBetweenWrites(left, []);
      await crashBetweenWrites(joined, [{ ...session, id: `${joined}/hand` }]);
      await eventually(() => shows(left, 'offline'), REPAIRED);
      await eventually(() => shows(joined, 'online'), REPAIRED);
      // Every replica walks on while the later rounds are repaired, and must find nothing to tell of these.
      await eventually(() => expect(shown(core, left).at(-1)).toBe('offline'));
      await eventually(() => expect(shown(core, joined).at(-1)).toBe('online'));
    }
    for (const round of [1, 2, 3, 4]) {
      expect(shown(core, `left-${round}`)).toEqual(['online', 'offline']);
      expect(shown(core, `joined-${round}`)).toEqual(['online', 'offline', 'online']);
    }
  }, 60_000);

  it('lose nothing that was acknowledged, tell no revision twice, and are whole again at once', async () => {
    const uids = Array.from({ length: sizes(mongo, 200) }, (_, i) => `user-${i}`);
    const rounds = mongo.slow ? 2 : 10;
    const callsBetween = sizes(mongo, 1000);
    const sessions = uids.flatMap((uid) => [1, 2].map((i) => sessionLane(uid, `${uid}/s${i}`, CORE)));
    const claims = uids.map(claimLane);
    for (const lane of sessions) await eventually(() => lane.begin(core), PATIENT);

    const load = new Load(core, [...sessions, ...claims], sizes(mongo, 64));
    const goesOn = async () => {
      const goal = load.acknowledged + callsBetween;
      await eventually(() => expect(load.acknowledged).toBeGreaterThanOrEqual(goal), PATIENT);
    };
    await goesOn();
    for (let round = 0; round < rounds; round++) {
      await killOldest();
      await goesOn();
      await startReplica();
      await goesOn();
    }
    await load.stop();
    // On a machine so busy that a replica took the caller for lost, it rightly dropped sessions: say that, not "lost".
    expect(all.filter(({ output }) => output.includes(`not received from '${CORE}'`))).toEqual([]);
    expect(load.faults).toEqual([]);
    expect(load.failed).toBeGreaterThan(0);

    await eventually(isWhole, REPAIRED);
    const after = await stored();
    expect(lostSessions(sessions, after)).toEqual([]);
    expect(lostClaims(claims, after)).toEqual([]);
    expect(settled([...sessions, ...claims])).toBeGreaterThan(sessions.length);
    expect(uids.flatMap((uid) => untrueRevs(core, uid, after))).toEqual([]);
    // A kill may take an event whose change is kept, never the other way round.
    const kept = await inDb(keptIn);
    const revsKept = (uid: string) => new Set(kept.get(uid)?.map(({ rev }) => rev));
    const unkept = uids.filter((uid) => eventsOf(core, uid).some(({ rev }) => !revsKept(uid).has(rev!)));
    expect(unkept).toEqual([]);
  }, 300_000);
});
