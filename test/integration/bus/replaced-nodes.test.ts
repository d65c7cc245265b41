import { BusFixture, sees, shown } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { Replica } from '../../helpers/replica';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const NODE = 'ddp-1';
/** What ends does so by the INFO packet, and not because the node is taken for lost. */
const ENV = { HEARTBEAT_TIMEOUT: '60', NODE_LOSS_GRACE: '60' };
const UIDS = ['ann', 'bob', 'cleo'];

/** A process is killed, and another one comes under its id before anybody misses it. */
describe('a node that is another process under the same id', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  let replicas: Replica[];
  beforeEach(async () => {
    bus = await BusFixture.start();
    replicas = [];
    for (const nodeID of ['presence-1', 'presence-2']) replicas.push(await bus.replica({ nodeID, env: ENV }));
    core = await bus.rocketChat('core-1');
  });
  afterEach(() => bus.stop());

  async function start(...uids: string[]): Promise<RocketChatNode> {
    const node = await bus.rocketChat(NODE);
    for (const uid of uids) await node.call('newConnection', uid, `${uid}/s`, NODE);
    for (const uid of uids) await eventually(() => expect(shown(core, uid).at(-1)).toBe('online'));
    return node;
  }

  test('loses what the former one held; what it has opened stays, also a session of the same id', async () => {
    await bus.crash(await start(...UIDS));
    const next = await bus.rocketChat(NODE);
    const cameMs = performance.now();
    await next.call('newConnection', 'ann', 'ann/s', NODE);
    await next.call('newConnection', 'dora', 'dora/s', NODE);
    for (const uid of ['bob', 'cleo']) await sees(core, uid, 'online', 'offline');
    process.stderr.write(
      `the former process: over ${Math.round(performance.now() - cameMs)} ms after the next was up\n`,
    );
    for (const uid of ['ann', 'dora']) expect(shown(core, uid)).toEqual(['online']);
    await bus.crash(next);
    await start();
    for (const uid of ['ann', 'dora']) await sees(core, uid, 'online', 'offline');
  });

  test('is noticed by the replica that takes over', async () => {
    const former = await start(...UIDS);
    await core.call('explain', 'ann'); // all replicas know of it
    await bus.leave(replicas[0]!);
    await bus.crash(former);
    await start();
    for (const uid of process.env.TEST_STORE === 'mongo' ? UIDS : []) await sees(core, uid, 'online', 'offline');
  });
});
