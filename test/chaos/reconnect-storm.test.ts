import { spreadOver } from '../helpers/at-once';
import { ChaosCluster } from '../helpers/chaos-cluster';
import { eventually } from '../helpers/eventually';
import { canSeeMemory, residentMb, steadyMb } from '../helpers/memory';
import { sizes } from '../helpers/mongo-server';
import { clientsOf, SessionBook, uidsOf, type Client } from '../helpers/session-book';
import { Told } from '../helpers/told';
import { atFullSize } from '../helpers/suites';

const SESSIONS = 20_000;
/** How long it takes until the last client has come; the answers may take longer. */
const STORM_MS = 10_000;
const BEATS_MS = 5_000;
/** Memory after the second storm by memory after the first. */
const GROWTH = 1.2;
const PATIENT = { timeoutMs: 60_000 };

/** On real processes: everybody comes at once, and goes again. */
atFullSize('reconnect-storm')('a storm of clients that connect again', () => {
  let cluster: ChaosCluster;
  let clients: Client[];
  let book: SessionBook;
  let heard: Told;

  beforeAll(async () => {
    cluster = await ChaosCluster.start({ HEARTBEAT_TIMEOUT: '30' });
    await cluster.startReplicas(3);
    clients = clientsOf('user', sizes(cluster.mongo, SESSIONS));
    book = new SessionBook(cluster.core);
    heard = new Told(cluster.core);
  }, 120_000);
  afterAll(() => cluster?.stop());

  /** Exactly these statuses were told of each user, and what was acknowledged is what is stored. */
  async function stands(...statuses: string[]): Promise<void> {
    expect(book.failures).toEqual([]);
    await eventually(() => expect(heard.count).toBeGreaterThanOrEqual(clients.length * statuses.length), PATIENT);
    expect(heard.otherwise(uidsOf(clients), statuses)).toEqual({});
    const stored = await cluster.whole();
    expect(book.differences(stored)).toEqual([]);
    expect(stored.users.size).toBe(clients.length);
  }

  async function storm(...before: string[]): Promise<void> {
    const startedAt = performance.now();
    await spreadOver(STORM_MS, clients, (client) => book.connect(client));
    const connectedMs = Math.round(performance.now() - startedAt);
    await stands(...before, 'online');
    await spreadOver(BEATS_MS, clients, (client) => book.beat(client));
    await stands(...before, 'online');
    const leavingAt = performance.now();
    await spreadOver(STORM_MS, clients, (client) => book.leave(client));
    const leftMs = Math.round(performance.now() - leavingAt);
    await stands(...before, 'online', 'offline');
    process.stderr.write(`${clients.length} sessions: connected after ${connectedMs} ms, left after ${leftMs} ms\n`);
  }

  it('fails no call, tells each user’s changes once, and leaves no memory behind', async () => {
    const pids = cluster.replicas.map(({ process }) => process.pid);
    await storm();
    const first = canSeeMemory ? await Promise.all(pids.map((pid) => steadyMb(pid))) : [];
    await storm('online', 'offline');
    for (const [i, mb] of first.entries()) {
      await eventually(() => expect(residentMb(pids[i]!)).toBeLessThan(GROWTH * mb), PATIENT);
    }
    const round = (all: readonly number[]) => all.map(Math.round).join(', ');
    const last = canSeeMemory ? pids.map(residentMb) : [];
    process.stderr.write(`MB after the first storm: ${round(first)}, after the second: ${round(last)}\n`);
    expect(cluster.replicas.filter(({ process }) => process.output.includes('ERROR'))).toEqual([]);
  }, 400_000);
});
