import { BusFixture, sees, shown } from '../../helpers/bus-fixture';
import { DdpProcess } from '../../helpers/ddp-process';
import { embeddedFolders } from '../../helpers/embedded-folders';
import { eventually } from '../../helpers/eventually';
import type { Replica } from '../../helpers/replica';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';
import { clientsOf, uidsOf, type Client } from '../../helpers/session-book';

const NODE = 'ddp-1';
const NO_HEARTBEATS_MS = 3_600_000;
const PATIENT = { timeoutMs: 20_000 };
const isMongo = process.env.TEST_STORE === 'mongo';

/** A process that is stopped with SIGSTOP for longer than the time-out, and then continued: its sockets are open all the time. */
describe('a node that was lost', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  let replicas: Replica[];
  let folders: string[];
  let node: DdpProcess;
  beforeEach(async () => {
    bus = await BusFixture.start();
    [replicas, folders] = [[], []];
    for (const nodeID of ['presence-1', 'presence-2']) {
      const folder = await newFolder();
      folders.push(folder);
      replicas.push(await replica(nodeID, folder));
    }
    core = await bus.rocketChat('core-1');
    node = await DdpProcess.start(bus.nats.url, NODE);
  });
  afterEach(async () => {
    await node.end('SIGKILL');
    await bus.stop();
  });
  const { newFolder } = embeddedFolders(); // removed once the replicas have stopped

  const replica = (nodeID: string, folder: string) =>
    bus.replica({
      nodeID,
      env: { HEARTBEAT_INTERVAL: '1', HEARTBEAT_TIMEOUT: '2', NODE_LOSS_GRACE: '0', DATA_DIR: folder },
    });
  /** The node's process, once all replicas know it. */
  async function noted(): Promise<string> {
    let noted = '';
    await eventually(async () => {
      for (const { store } of replicas) {
        const known = (await store.instances.processes()).find(({ id }) => id === NODE);
        expect(known).toBeDefined();
        noted = known!.process;
      }
    }, PATIENT);
    return noted;
  }
  const all = (uids: readonly string[], ...statuses: string[]) =>
    eventually(() => {
      for (const uid of uids) expect([uid, shown(core, uid)]).toEqual([uid, statuses]);
    }, PATIENT);
  /** @returns once their node is lost */
  async function lose(clients: readonly Client[]): Promise<void> {
    await node.open(clients, NO_HEARTBEATS_MS);
    await all(uidsOf(clients), 'online');
    await noted();
    node.freeze();
    await all(uidsOf(clients), 'online', 'offline');
  }

  test('and is back as the same process has its sessions back as they were, save those that are logged out', async () => {
    const clients = clientsOf('ddp', 20);
    const [away, out, late, ...others] = uidsOf(clients);
    await lose(clients);
    await core.call('setConnectionStatus', away, 'away', clients[0]!.session);
    await core.call('removeConnection', out, clients[1]!.session);
    node.thaw();
    await core.call('removeConnection', late, clients[2]!.session);
    await all(others, 'online', 'offline', 'online');
    await all([away!], 'online', 'offline', 'away');
    await all([out!], 'online', 'offline');
    await eventually(() => expect(shown(core, late!).at(-1)).toBe('offline'));
    // The next loss ends them again, and no restored session is left out.
    node.freeze();
    await all(others, 'online', 'offline', 'online', 'offline');
  });

  test('has its sessions back from replicas that did not drop them', async () => {
    const clients = clientsOf('ddp', 20);
    await lose(clients);
    if (isMongo) await bus.leave(replicas[0]!);
    else {
      // Replicas with embedded stores keep no state for each other: the one that has it starts again.
      for (const one of [replicas[1]!, replicas[0]!]) await bus.leave(one);
      replicas = [await replica('presence-1', folders[0]!)];
    }
    node.thaw();
    await all(uidsOf(clients), 'online', 'offline', 'online');
  });

  test('and whose id another process has is given nothing', async () => {
    const clients = clientsOf('ddp', 5);
    await lose(clients);
    const former = await noted();
    await node.end('SIGKILL');
    node = await DdpProcess.start(bus.nats.url, NODE);
    await eventually(async () => expect(await noted()).not.toBe(former), PATIENT);
    const [fresh] = clientsOf('fresh', 1);
    await node.open([fresh!], NO_HEARTBEATS_MS);
    await sees(core, fresh!.uid, 'online');
    await all(uidsOf(clients), 'online', 'offline');
  });

  test('and one that said that it leaves, which is not waited for', async () => {
    const clients = clientsOf('ddp', 5);
    await node.open(clients, NO_HEARTBEATS_MS);
    const former = await noted();
    await node.end('SIGTERM');
    await all(uidsOf(clients), 'online', 'offline');
    for (const { store } of replicas) expect(await store.instances.ownersOfLost(NODE, former)).toEqual([]);
  });
});
