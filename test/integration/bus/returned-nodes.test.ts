import { BusFixture, sees, shown } from '../../helpers/bus-fixture';
import { DdpProcess } from '../../helpers/ddp-process';
import { eventually } from '../../helpers/eventually';
import type { Replica } from '../../helpers/replica';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';
import { clientsOf, uidsOf } from '../../helpers/session-book';

const ENV = { HEARTBEAT_INTERVAL: '1', HEARTBEAT_TIMEOUT: '2', NODE_LOSS_GRACE: '0' };
const NO_HEARTBEATS_MS = 3_600_000;
const PATIENT = { timeoutMs: 20_000 };

/** Stopped for longer than the time-out and then continued: its sockets are alive all the time. */
describe('a node that was lost, and is back as the same process', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  let replicas: Replica[];
  let node: DdpProcess;
  beforeEach(async () => {
    bus = await BusFixture.start();
    replicas = [];
    for (const nodeID of ['presence-1', 'presence-2']) replicas.push(await bus.replica({ nodeID, env: ENV }));
    core = await bus.rocketChat('core-1');
    node = await DdpProcess.start(bus.nats.url, 'ddp-1');
  });
  afterEach(async () => {
    await node.end('SIGKILL');
    await bus.stop();
  });

  const all = (uids: readonly string[], ...statuses: string[]) =>
    eventually(() => {
      for (const uid of uids) expect([uid, shown(core, uid)]).toEqual([uid, statuses]);
    }, PATIENT);

  test('has its sessions back as they were, whichever replica leads; who has logged out meanwhile has not', async () => {
    const clients = clientsOf('ddp', 20);
    const [away, out, ...others] = uidsOf(clients);
    await node.open(clients, NO_HEARTBEATS_MS);
    await all(uidsOf(clients), 'online');
    await core.call('setConnectionStatus', away, 'away', clients[0]!.session);
    await sees(core, away!, 'online', 'away');

    node.freeze();
    await all([out!, ...others], 'online', 'offline');
    await core.call('removeConnection', out, clients[1]!.session);
    // Replicas with embedded stores keep no state for each other.
    if (process.env.TEST_STORE === 'mongo') await bus.leave(replicas[0]!);
    node.thaw();
    await all(others, 'online', 'offline', 'online');
    await all([away!], 'online', 'away', 'offline', 'away');
    await all([out!], 'online', 'offline');
  });
});
