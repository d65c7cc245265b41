import { ChaosCluster, CORE } from '../helpers/chaos-cluster';
import { Load, sessionLane } from '../helpers/chaos-load';
import { gaps, lostSessions, settled, untrueRevs } from '../helpers/chaos-oracle';
import { DdpProcess } from '../helpers/ddp-process';
import { eventually } from '../helpers/eventually';
import { sizes } from '../helpers/mongo-server';
import { clientsOf, SessionBook, uidsOf } from '../helpers/session-book';
import { Stopwatch } from '../helpers/stopwatch';
import { Told } from '../helpers/told';

const HEARTBEAT_TIMEOUT_MS = 5_000;
/** In which a node that hangs comes back. It adds to the time that those of a killed node are shown, so that has none. */
const GRACE_MS = 3_000;
/**
 * What it may take in all beyond the heartbeat time-out. Five seconds where the database writes 1,500 users a second beside the
 * live calls; the time is printed, and this lets a machine pass that is twice as slow.
 */
const MARGIN_MS = 10_000;
/** Long enough for the node to be taken for lost (silence is counted in whole seconds), and less than time-out and grace. */
const HANGS_MS = 6_500;
const BEAT_EVERY_MS = 10_000;
/** Some 150 calls a second: so many that a wait would show, so few that they do not wait for each other. */
const LIVE_CALLERS = 8;
const LIVE_PAUSE_MS = 50;
/** Below this a busy machine's noise decides: the figures that count are those printed, on a quiet one. */
const P99_FLOOR_MS = 500;
const PATIENT = { timeoutMs: 60_000 };

/** On real processes: a node with thousands of clients leaves, hangs, or is killed. */
describe('a node with clients', () => {
  let cluster: ChaosCluster;
  let here: SessionBook;
  let heard: Told;
  let nodes: DdpProcess[] = [];

  async function startCluster(graceMs: number): Promise<void> {
    cluster = await ChaosCluster.start({
      HEARTBEAT_TIMEOUT: String(HEARTBEAT_TIMEOUT_MS / 1000),
      NODE_LOSS_GRACE: String(graceMs / 1000),
    });
    nodes = [];
    await cluster.startReplicas(3);
    here = new SessionBook(cluster.core);
    heard = new Told(cluster.core);
  }
  afterEach(async () => {
    for (const node of nodes) await node.end('SIGKILL');
    await cluster?.stop();
  });

  /** A node with a session for each client; of every tenth user there is a session on another node too. */
  async function withClients(name: string, count: number) {
    const clients = clientsOf(name, count);
    const node = await DdpProcess.start(cluster.nats.url, name);
    nodes.push(node);
    await node.open(clients, BEAT_EVERY_MS);
    const staying = clients.filter((_, i) => i % 10 === 0);
    for (const { uid } of staying) await here.connect({ uid, session: `${uid}/elsewhere` });
    await eventually(() => told(uidsOf(clients), 'online'), PATIENT);
    return { node, clients, staying: uidsOf(staying), leaving: uidsOf(clients.filter((_, i) => i % 10 !== 0)) };
  }

  const told = (uids: readonly string[], ...statuses: string[]) => expect(heard.otherwise(uids, statuses)).toEqual({});

  /** @returns how long after `sinceMs` all of them were told to be offline */
  async function allOffline(uids: readonly string[], sinceMs: number): Promise<number> {
    const last = uids.slice(-20); // cheap to look at while live calls are measured
    await eventually(() => told(last, 'online', 'offline'), PATIENT);
    await eventually(() => told(uids, 'online', 'offline'), PATIENT);
    return Math.round(performance.now() - sinceMs);
  }

  async function heldBy(nodeID: string): Promise<number> {
    const { sessions } = await cluster.whole();
    return [...sessions.values()].flat().filter(({ instanceId }) => instanceId === nodeID).length;
  }

  it('that leaves takes its users offline at once', async () => {
    await startCluster(GRACE_MS);
    const { node, staying, leaving } = await withClients('leaves', sizes(cluster.mongo, 500));
    const endedAt = performance.now();
    await node.end('SIGTERM');
    expect(await allOffline(leaving, endedAt)).toBeLessThan(HEARTBEAT_TIMEOUT_MS);
    told(staying, 'online');
    expect(await heldBy('leaves')).toBe(0);
  }, 120_000);

  it('that hangs, and goes on within its grace, loses nothing', async () => {
    await startCluster(GRACE_MS);
    const { node, clients } = await withClients('hangs', sizes(cluster.mongo, 500));
    const passed = (ms: number) => eventually(() => expect(performance.now() - frozenAt).toBeGreaterThan(ms), PATIENT);
    const frozenAt = performance.now();
    node.freeze();
    await passed(HANGS_MS);
    node.thaw();
    await passed(HEARTBEAT_TIMEOUT_MS + GRACE_MS + MARGIN_MS);
    told(uidsOf(clients), 'online');
    expect(await heldBy('hangs')).toBe(clients.length);
  }, 120_000);

  it('that is killed takes its users offline in time, tells each once, and holds up nobody', async () => {
    await startCluster(0);
    const { node, clients, staying, leaving } = await withClients('killed', sizes(cluster.mongo, 5_000));
    const lanes = clientsOf('live', 200).map(({ uid, session }) => sessionLane(uid, session, CORE));
    const watch = new Stopwatch();
    for (const lane of lanes) await lane.begin(cluster.core);
    const load = new Load(
      cluster.core,
      lanes.map((lane) => watch.timed(lane)),
      LIVE_CALLERS,
      LIVE_PAUSE_MS,
    );
    const loadedAt = performance.now();
    // A whole round of the node's heartbeats is what live calls have beside them when nothing happens.
    await eventually(() => expect(performance.now() - loadedAt).toBeGreaterThan(BEAT_EVERY_MS), PATIENT);
    const before = watch.lap();

    const killedAt = performance.now();
    await node.end('SIGKILL');
    // Until then nothing is done about it, which must not make the time in which something is look better.
    await eventually(() => expect(performance.now() - killedAt).toBeGreaterThan(HEARTBEAT_TIMEOUT_MS), PATIENT);
    watch.lap();
    const tookMs = await allOffline(leaving, killedAt);
    const meanwhile = watch.lap();
    await load.stop();
    process.stderr.write(
      `${clients.length} sessions of a killed node: offline ${tookMs - HEARTBEAT_TIMEOUT_MS} ms after the heartbeat time-out; ` +
        `p99 of live calls ${before.p99Ms} ms before, ${meanwhile.p99Ms} ms meanwhile (${meanwhile.calls} calls)\n`,
    );
    expect({ faults: load.faults, failed: load.failed }).toEqual({ faults: [], failed: 0 });

    const after = await cluster.whole();
    expect(here.failures).toEqual([]);
    // The live lanes' sessions are on the same node as those of the book: they have an account of their own.
    expect(here.differences(after).filter((one) => !one.startsWith('+live-'))).toEqual([]);
    expect(lostSessions(lanes, after)).toEqual([]);
    expect(settled(lanes)).toBe(lanes.length);
    expect(await heldBy('killed')).toBe(0);
    told(staying, 'online');
    told(leaving, 'online', 'offline');
    expect(lanes.flatMap(({ uid }) => [...untrueRevs(cluster.core, uid, after), ...gaps(cluster.core, uid)])).toEqual(
      [],
    );
    // Last, so that on a machine too busy for these it is known whether all the rest is right.
    if (cluster.mongo.slow) return;
    expect(tookMs).toBeLessThan(HEARTBEAT_TIMEOUT_MS + MARGIN_MS);
    expect(meanwhile.p99Ms).toBeLessThan(Math.max(2 * before.p99Ms, P99_FLOOR_MS));
  }, 180_000);
});
