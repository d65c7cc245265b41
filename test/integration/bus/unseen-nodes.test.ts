import { MIRRORED_INSTANCE } from '../../../domain/mirror';
import { BusFixture, sees, shown } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const CORE = 'core-1';
const ENV = { HEARTBEAT_TIMEOUT: '2', NODE_LOSS_GRACE: '0' };

/** Design invariant 15: each stored instance is judged all the time. */
describe('an instance that the bus never showed', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  beforeEach(async () => {
    bus = await BusFixture.start();
    await bus.replica({ nodeID: 'presence-1', env: ENV });
    await bus.replica({ nodeID: 'presence-2', env: ENV });
    core = await bus.rocketChat(CORE);
  });
  afterEach(() => bus.stop());

  const connect = (uid: string, instanceId: string) => core.call('newConnection', uid, `${uid}/s`, instanceId);

  test('loses its sessions, again and again; those of others, of a monolith and of Rocket.Chat by REST stay', async () => {
    await core.broadcast('watch.instanceStatus', {
      clientAction: 'updated',
      id: 'uuid-1',
      diff: { 'extraInformation.conns': 1 },
    });
    await connect('of a node', CORE);
    await connect('of a monolith', 'uuid-1');
    await connect('by REST', MIRRORED_INSTANCE);
    await connect('ann', 'killed at once');
    await sees(core, 'ann', 'online', 'offline');
    await connect('bob', 'killed at once');
    await sees(core, 'bob', 'online', 'offline');
    for (const uid of ['of a node', 'of a monolith', 'by REST']) expect(shown(core, uid)).toEqual(['online']);
  });

  test('loses none while something of it is written', async () => {
    await connect('ann', 'silent');
    let beats = 0;
    await eventually(
      async () => {
        await connect('bob', 'unseen');
        expect(++beats).toBeGreaterThan(4 * (await shownOffline('ann')));
      },
      { timeoutMs: 20_000 },
    );
    expect(shown(core, 'bob')).toEqual(['online']);
  });
  /** 1 once the other is gone: as long as that takes, this one would have been gone as well. */
  const shownOffline = async (uid: string) => (shown(core, uid).includes('offline') ? 1 : Infinity);
});
