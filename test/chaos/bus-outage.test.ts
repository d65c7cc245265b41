import { availableNodes } from '../../lib/replicas/nodes';
import { BeatingUsers } from '../helpers/beating-users';
import { shown } from '../helpers/bus-fixture';
import { storedIn } from '../helpers/chaos-oracle';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { freshDatabase, sizes, startMongo, withDb, type MongoServer } from '../helpers/mongo-server';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { NodeProcess } from '../helpers/node-process';
import { startRocketChatNode, type RocketChatNode } from '../helpers/rocket-chat-node';
import { onOwnNats } from '../helpers/suites';

const SECOND = 1000;
/** Two minutes with the defaults, which `npm run soak` takes; else the same in a tenth of the time. */
const LENGTHS =
  process.env.FULL_LENGTH === '1'
    ? { intervalS: 10, timeoutS: 30, leaseS: 150, outageS: 120 }
    : { intervalS: 1, timeoutS: 3, leaseS: 15, outageS: 12 };
const { leaseS, outageS } = LENGTHS;
const LEASE_MS = leaseS * SECOND;
const OUTAGE_MS = outageS * SECOND;
/** Connecting again, the next look, the next round of the reaper; and a machine that is busy. */
const SLACK_MS = 3 * SECOND + LEASE_MS / 30 + 5 * SECOND;
const TEST_WITHIN_MS = OUTAGE_MS + 2 * LEASE_MS + 90 * SECOND;
const PATIENT = { timeoutMs: 30_000 };
const CORE = 'core-1';

/** On real processes. Who stays is shown without a break, who left meanwhile goes once. */
onOwnNats('bus-outage')('a bus that is away for long', () => {
  let nats: NatsServer;
  let core: RocketChatNode;
  let users: BeatingUsers;
  let replicas: NodeProcess[];

  beforeEach(async () => {
    nats = await startNats();
    replicas = [];
    core = await startRocketChatNode(nats.url, CORE, [], LENGTHS);
  }, 30_000);
  afterEach(async () => {
    await users?.stop();
    for (const replica of replicas) await replica.end('SIGKILL');
    // Without its server a broker does not stop but goes on trying.
    if (nats.pid === undefined) await nats.restart();
    await core?.stop();
    await nats?.stop();
  }, 60_000);

  async function startReplica(id: string, store: Record<string, string>): Promise<void> {
    const replica = NodeProcess.start({
      TRANSPORTER: nats.url,
      ...store,
      INSTANCE_ID: id,
      PORT: String(await freePort()),
      HEARTBEAT_INTERVAL: String(LENGTHS.intervalS),
      HEARTBEAT_TIMEOUT: String(LENGTHS.timeoutS),
      SESSION_LEASE: String(leaseS),
      LOG_LEVEL: 'info',
    });
    replicas.push(replica);
    await eventually(() => core.callAt(id, 'getConnectionCount'), PATIENT);
  }

  /** Kills the bus for the time of an outage. @param meanwhile what must come true before it is back */
  async function outage(meanwhile: () => void | Promise<void>): Promise<void> {
    const endsAtMs = performance.now() + OUTAGE_MS;
    await nats.kill();
    await eventually(meanwhile, { timeoutMs: OUTAGE_MS });
    await eventually(() => expect(performance.now()).toBeGreaterThan(endsAtMs), { timeoutMs: OUTAGE_MS });
    await meanwhile();
    await nats.restart();
  }

  async function survive(count: number, meanwhile: (staying: readonly string[], busy: readonly string[]) => unknown) {
    const uids = Array.from({ length: count }, (_, i) => `user-${i}`);
    const leaving = uids.filter((_, i) => i % 10 === 0);
    const staying = uids.filter((_, i) => i % 10 > 1);
    const busy = uids.filter((_, i) => i % 10 === 1);
    const show = (who: readonly string[], statuses: readonly string[]) =>
      expect(
        who.filter((uid) => shown(core, uid).join() !== statuses.join()).map((uid) => [uid, shown(core, uid)]),
      ).toEqual([]);

    users = new BeatingUsers(core, uids, LEASE_MS / 3);
    await users.arrive();
    await eventually(() => expect(users.whole).toBeGreaterThan(0), PATIENT);
    const until = new Date(Date.now() + OUTAGE_MS / 2);
    await Promise.all(busy.map((uid) => core.call('setStatus', uid, 'busy', 'on the phone', until)));
    await eventually(() => show(busy, ['online', 'busy']), PATIENT);
    users.vanish(leaving);
    await outage(async () => {
      for (const { output } of replicas) expect(output).toContain('bus lost');
      expect(availableNodes(core.broker)).toEqual(new Set([CORE]));
      await meanwhile(staying, busy);
      show([...staying, ...leaving], ['online']);
    });

    const backAtMs = performance.now();
    const sinceBackMs = () => Math.round(performance.now() - backAtMs);
    await eventually(() => show(busy, ['online', 'busy', 'online']), {
      timeoutMs: LENGTHS.timeoutS * SECOND + SLACK_MS,
    });
    const shownAfterMs = sinceBackMs();
    const gone = () => leaving.filter((uid) => shown(core, uid).includes('offline')).length;
    await eventually(() => expect(gone()).toBeGreaterThan(0), { timeoutMs: LEASE_MS + SLACK_MS });
    const firstAfterMs = sinceBackMs();
    // Lease time counts only while somebody watches: while the bus was away nobody did.
    expect(firstAfterMs).toBeGreaterThan(LEASE_MS - SECOND);
    await eventually(() => expect(gone()).toBe(leaving.length), { timeoutMs: LEASE_MS + SLACK_MS - firstAfterMs });
    process.stdout.write(
      `ends shown ${shownAfterMs} ms, leavers gone ${firstAfterMs}–${sinceBackMs()} ms after the bus\n`,
    );

    show(staying, ['online']);
    show(leaving, ['online', 'offline']);
    show(busy, ['online', 'busy', 'online']);
    for (const { output } of replicas) expect(output).not.toMatch(/is gone: ended the sessions/);
    // The listener hears again: silence was not deafness.
    await leave(staying[0]!);
    await eventually(() => show(staying.slice(0, 1), ['online', 'offline']), PATIENT);
  }

  /** Ends the session of a user who beats; a heartbeat still under way would open it again, as it shall. */
  async function leave(uid: string): Promise<void> {
    users.vanish([uid]);
    const rounds = users.whole;
    await eventually(() => expect(users.whole).toBeGreaterThan(rounds), { timeoutMs: LEASE_MS });
    await core.call('removeConnection', uid, `${uid}/s`);
  }

  it(
    'with two replicas on MongoDB',
    async () => {
      const mongo: MongoServer = await startMongo();
      const database = freshDatabase(mongo);
      try {
        const store = { MONGO_URL: database.url };
        await Promise.all([startReplica('presence-1', store), startReplica('presence-2', store)]);
        await survive(sizes(mongo, 2000), async (staying, busy) => {
          const stored = await withDb(database.url, storedIn);
          const statuses = [...staying, ...busy].map((uid) => stored.users.get(uid)?.status);
          expect(new Set(statuses)).toEqual(new Set(['online']));
          expect(statuses).toHaveLength(staying.length + busy.length);
        });
      } finally {
        for (const replica of replicas) await replica.end('SIGKILL');
        await database.drop();
        await mongo.stop();
      }
    },
    TEST_WITHIN_MS,
  );

  it(
    'with one replica that has an embedded store',
    async () => {
      await startReplica('presence-1', { DATA_DIR: ':memory:' });
      await survive(process.env.FULL_LENGTH ? 2_000 : 500, () => undefined);
    },
    TEST_WITHIN_MS,
  );
});
