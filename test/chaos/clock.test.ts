import path from 'node:path';
import type { Explanation } from '../../domain/explain';
import { BeatingUsers } from '../helpers/beating-users';
import { sees, shown } from '../helpers/bus-fixture';
import { ChaosCluster, CORE } from '../helpers/chaos-cluster';
import { eventually } from '../helpers/eventually';
import { sizes } from '../helpers/mongo-server';

const OFF_MS = 10 * 60_000;
const LEASE_MS = 6_000;
/** Often enough for both replicas to write leases. */
const BEAT_EVERY_MS = 1_000;
const CLAIMS = 20;
const CLAIM_MS = 6_000;
const PATIENT = { timeoutMs: 60_000 };

const shifted = (ms: number) => ({
  NODE_OPTIONS: `--require ${path.join(__dirname, '../helpers/shifted-clock.cjs')}`,
  CLOCK_SHIFT_MS: String(ms),
});

/**
 * On real processes, two replicas of which one's clock is off. Ahead, that one would take every lease for over; behind, it would
 * write leases that the other takes for over.
 */
describe.each([
  ['ahead', 'leads', OFF_MS, true],
  ['behind', 'follows', -OFF_MS, false],
])('a replica with a clock ten minutes %s that %s', (_where, _leads, offMs, leads) => {
  let cluster: ChaosCluster;
  let beating: BeatingUsers;
  const ids = () => cluster.replicas.map(({ id }) => id);

  beforeAll(async () => {
    cluster = await ChaosCluster.start({ SESSION_LEASE: String(LEASE_MS / 1000), HEARTBEAT_TIMEOUT: '10' });
    await cluster.startReplicas(1, leads ? shifted(offMs) : {});
    await cluster.startReplicas(1, leads ? {} : shifted(offMs));
  }, 120_000);
  afterAll(async () => {
    await beating?.stop();
    await cluster?.stop();
  });

  it('is off, and the other is not', async () => {
    const timesOff = await Promise.all(
      ids().map(async (nodeID) => {
        const { timeDiff } = (await cluster.core.broker.ping(nodeID)) as { timeDiff: number };
        return Math.round(-timeDiff / 60_000) + 0; // theirs against ours; never -0
      }),
    );
    expect(timesOff).toEqual(leads ? [offMs / 60_000, 0] : [0, offMs / 60_000]);
  });

  it('ends no session that gets heartbeats, and those that get none after their lease', async () => {
    const count = sizes(cluster.mongo, 200);
    const staying = Array.from({ length: count }, (_, i) => `stays-${i}`);
    const going = Array.from({ length: count }, (_, i) => `goes-${i}`);
    beating = new BeatingUsers(cluster.core, [...staying, ...going], BEAT_EVERY_MS);
    await beating.arrive();
    await rounds(1);
    const vanishedAt = performance.now();
    beating.vanish(going);
    await eventually(() => expect(going.filter((uid) => shown(cluster.core, uid).length < 2)).toEqual([]), PATIENT);
    // A lease is written anew at most once in a third of it, and heartbeats were up to a round old.
    expect(performance.now() - vanishedAt).toBeGreaterThan((2 / 3) * LEASE_MS - 1.5 * BEAT_EVERY_MS);
    await eventually(() => expect(performance.now() - vanishedAt).toBeGreaterThan(2 * LEASE_MS), PATIENT);
    for (const uid of going) expect(shown(cluster.core, uid)).toEqual(['online', 'offline']);
    for (const uid of staying) expect(shown(cluster.core, uid)).toEqual(['online']);
  }, 120_000);

  it('tells of a lease what the other tells', async () => {
    const explained = () => Promise.all(ids().map((id) => cluster.core.callAt<Explanation>(id, 'explain', 'stays-0')));
    for (const { sessions } of await explained()) {
      expect(sessions[0]!.leaseLeftMs).toBeGreaterThan(0);
      expect(sessions[0]!.leaseLeftMs).toBeLessThanOrEqual(LEASE_MS);
    }
  });

  it('ends no claim before its time, whichever took it, and none is forgotten', async () => {
    const uids = Array.from({ length: CLAIMS }, (_, i) => `claims-${i}`);
    const ends = new Date(Date.now() + CLAIM_MS);
    for (const [i, uid] of uids.entries()) {
      const at = ids()[i % 2]!;
      await cluster.core.callAt(at, 'newConnection', uid, `${uid}/s`, CORE);
      await cluster.core.callAt(at, 'setStatus', uid, 'busy', 'in a meeting', ends);
      await sees(cluster.core, uid, 'online', 'busy');
    }
    beating.join(uids);
    const told = await Promise.all(
      uids.map(async (uid) => {
        await eventually(() => expect(shown(cluster.core, uid)).toHaveLength(3), PATIENT);
        return Date.now() - ends.getTime();
      }),
    );
    process.stderr.write(`claims ended ${Math.min(...told)} to ${Math.max(...told)} ms late\n`);
    expect(Math.min(...told)).toBeGreaterThanOrEqual(0);
    for (const uid of uids) expect(shown(cluster.core, uid)).toEqual(['online', 'busy', 'online']);
  }, 120_000);

  /** Waits for so many more rounds of heartbeats that were all acknowledged. */
  async function rounds(more: number): Promise<void> {
    const goal = beating.whole + more;
    await eventually(() => expect(beating.whole).toBeGreaterThanOrEqual(goal), PATIENT);
  }
});
