import { atOnce } from '../helpers/at-once';
import { ChaosCluster } from '../helpers/chaos-cluster';
import { OF_A_KILL } from '../helpers/chaos-load';
import { DdpProcess } from '../helpers/ddp-process';
import { eventually } from '../helpers/eventually';
import { sizes } from '../helpers/mongo-server';
import { clientsOf, SessionBook, uidsOf, type Client } from '../helpers/session-book';
import { Told } from '../helpers/told';

const REPLICAS = 3;
const HEARTBEAT_TIMEOUT_MS = 5_000;
const NODE_LOSS_GRACE_MS = 3_000;
const MARGIN_MS = 5_000;
const BEAT_EVERY_MS = 5_000;
const PATIENT = { timeoutMs: 60_000 };

/** On real processes: every presence node is replaced while clients stay. */
describe('a restart of all replicas', () => {
  let cluster: ChaosCluster;
  let staying: Client[];
  let book: SessionBook;
  let heard: Told;
  const nodes: DdpProcess[] = [];

  beforeAll(async () => {
    const env = {
      HEARTBEAT_TIMEOUT: String(HEARTBEAT_TIMEOUT_MS / 1000),
      NODE_LOSS_GRACE: String(NODE_LOSS_GRACE_MS / 1000),
      SYNC_INTERVAL: '1000',
    };
    cluster = await ChaosCluster.start(env, { patient: false });
    await cluster.startReplicas(REPLICAS);
    heard = new Told(cluster.core);
    book = new SessionBook(cluster.core);
    staying = clientsOf('stays', sizes(cluster.mongo, 1_000));
    await atOnce(64, staying, (client) => book.connect(client));
    expect(book.failures).toEqual([]);
    book.keepBeating(staying, BEAT_EVERY_MS);
  }, 120_000);
  afterAll(async () => {
    book?.stopBeating();
    for (const node of nodes) await node.end('SIGKILL');
    await cluster?.stop();
  });

  const told = (clients: readonly Client[], ...statuses: string[]) =>
    expect(heard.otherwise(uidsOf(clients), statuses)).toEqual({});

  async function nodeWithClients(name: string): Promise<{ node: DdpProcess; clients: Client[] }> {
    const clients = clientsOf(name, sizes(cluster.mongo, 500));
    const node = await DdpProcess.start(cluster.nats.url, name);
    nodes.push(node);
    await node.open(clients, BEAT_EVERY_MS);
    await eventually(() => told(clients, 'online'), PATIENT);
    await eventually(() => told(staying, 'online'), PATIENT);
    return { node, clients };
  }

  /**
   * Those who left go offline, which tells that the new replicas judge; nobody else does.
   *
   * @param sinceMs when all replicas served again
   */
  async function onlyThoseGone(gone: readonly Client[], sinceMs: number, withinMs: number): Promise<void> {
    await eventually(() => told(gone, 'online', 'offline'), PATIENT);
    const tookMs = Math.round(performance.now() - sinceMs);
    process.stderr.write(`offline ${tookMs} ms after all served again; ${book.failures.length} heartbeats failed\n`);
    expect(tookMs).toBeLessThan(withinMs);
    told(staying, 'online');
    const after = await cluster.whole();
    expect(book.differences(after)).toEqual([]);
    expect(uidsOf(gone).filter((uid) => (after.sessions.get(uid) ?? []).length > 0)).toEqual([]);
    const statusOf = (uid: string) => after.users.get(uid)?.status;
    expect(uidsOf(staying).filter((uid) => statusOf(uid) !== 'online')).toEqual([]);
    expect(uidsOf(gone).filter((uid) => statusOf(uid) !== 'offline')).toEqual([]);
    expect(book.failures.filter((failure) => !OF_A_KILL.some((type) => failure.startsWith(type)))).toEqual([]);
  }

  it('one after the other takes offline whose node was killed meanwhile, and nobody else', async () => {
    const { node, clients } = await nodeWithClients('killed-meanwhile');
    for (let i = 0; i < REPLICAS; i++) {
      await cluster.endOldest('SIGTERM');
      if (i === REPLICAS - 1) await node.end('SIGKILL');
      await cluster.startReplicas(1);
    }
    await onlyThoseGone(clients, performance.now(), HEARTBEAT_TIMEOUT_MS + NODE_LOSS_GRACE_MS + MARGIN_MS);
  }, 180_000);

  it('at once by kill -9 takes offline whose node went while no replica was there, and nobody else', async () => {
    const { node, clients } = await nodeWithClients('went-unseen');
    await cluster.killAll();
    await node.end('SIGKILL');
    await cluster.startReplicas(REPLICAS);
    await onlyThoseGone(clients, performance.now(), HEARTBEAT_TIMEOUT_MS + MARGIN_MS);
  }, 180_000);
});
