import { BusFixture, eventsOf, sees } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const REPLICAS = ['presence-a', 'presence-b', 'presence-c'];

/** Design invariant 13: a call may reach whichever replica. */
describe('several replicas on one bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;

  beforeEach(async () => {
    bus = await BusFixture.start();
  });
  afterEach(() => bus.stop());

  const present = async (...nodeIDs: string[]) => {
    await eventually(() => {
      const nodes = core.broker.registry
        .getServiceList({ onlyAvailable: true })
        .filter(({ name }) => name === 'presence')
        .map((entry) => (entry as unknown as { nodeID: string }).nodeID);
      expect(nodes.sort()).toEqual([...nodeIDs].sort());
    });
  };

  test('two replicas, then a third: one state, one event a change, the same answers everywhere', async () => {
    await bus.replica({ nodeID: 'presence-a' });
    await bus.replica({ nodeID: 'presence-b' });
    core = await bus.rocketChat('core-1');
    await present('presence-a', 'presence-b');
    await core.callAt('presence-a', 'newConnection', 'ann', 's1', 'ddp-1');
    await core.callAt('presence-b', 'newConnection', 'ann', 's2', 'ddp-1');
    await expect(core.callAt('presence-a', 'getConnectionCount')).resolves.toEqual({ current: 2, max: 200 });
    await core.callAt('presence-a', 'removeConnection', 'ann', 's2');
    await bus.replica({ nodeID: 'presence-c' });
    await present(...REPLICAS);
    await core.callAt('presence-c', 'setConnectionStatus', 'ann', 'away', 's1');
    await core.callAt('presence-b', 'setStatus', 'ann', 'busy', 'x');
    await core.callAt('presence-c', 'removeConnection', 'ann', 's1');
    const events = await sees(core, 'ann', 'online', 'away', 'busy', 'offline');
    expect(events.map(({ rev }) => rev)).toEqual([1, 2, 3, 4]);
    await core.callAt('presence-b', 'newConnection', 'bob', 's3', 'ddp-1');
    for (const nodeID of REPLICAS) {
      await expect(core.callAt(nodeID, 'getConnectionCount')).resolves.toEqual({ current: 1, max: 200 });
      await expect(core.callAt(nodeID, 'getPeakConnections')).resolves.toBe(2);
    }
  });

  test('calls spread over replicas by round robin end in one truth', async () => {
    for (const nodeID of REPLICAS) await bus.replica({ nodeID });
    core = await bus.rocketChat('core-1');
    await present(...REPLICAS);
    const users = Array.from({ length: 30 }, (_, i) => `user-${i}`);
    await Promise.all(users.map((uid) => core.call('newConnection', uid, `s-${uid}`, 'ddp-1')));
    await Promise.all(users.map((uid) => core.call('setConnectionStatus', uid, 'away', `s-${uid}`)));
    await Promise.all(users.map((uid) => core.call('removeConnection', uid, `s-${uid}`)));
    for (const uid of users) await sees(core, uid, 'online', 'away', 'offline');
  });

  test('toggleBroadcast at one replica silences all of them, until true', async () => {
    for (const nodeID of REPLICAS) await bus.replica({ nodeID });
    core = await bus.rocketChat('core-1');
    await present(...REPLICAS);
    await core.callAt('presence-b', 'toggleBroadcast', false);
    for (const nodeID of REPLICAS) await core.callAt(nodeID, 'newConnection', nodeID, `s-${nodeID}`, 'ddp-1');
    await core.callAt('presence-c', 'toggleBroadcast', true);
    await core.callAt('presence-a', 'newConnection', 'ann', 's1', 'ddp-1');
    await sees(core, 'ann', 'online');
    expect(core.statuses).toHaveLength(1);
  });

  test('a healed session belongs to the node that called, also through another replica', async () => {
    await bus.replica({ nodeID: 'presence-a' });
    await bus.replica({ nodeID: 'presence-b' });
    core = await bus.rocketChat('core-1');
    await present('presence-a', 'presence-b');
    await core.callAt('presence-b', 'updateConnection', 'ann', 's1');
    await expect(core.call('removeLostConnections', 'core-1')).resolves.toEqual(['ann']);
  });

  test('errors cross a replica unchanged', async () => {
    await bus.replica({ nodeID: 'presence-a' });
    await bus.replica({ nodeID: 'presence-b' });
    core = await bus.rocketChat('core-1');
    await present('presence-a', 'presence-b');
    const late = new Date(Date.now() - 1000);
    for (const nodeID of ['presence-a', 'presence-b']) {
      await expect(core.callAt(nodeID, 'setStatus', 'ann', 'busy', 'x', late)).rejects.toMatchObject({
        message: 'statusExpiresAt must be a future date',
        type: 'EXPIRY_NOT_IN_FUTURE',
      });
    }
  });

  test('when the keeper leaves the next one takes over and heartbeats heal it', async () => {
    const keeper = await bus.replica({ nodeID: 'presence-a' });
    await bus.replica({ nodeID: 'presence-b' });
    core = await bus.rocketChat('core-1');
    await present('presence-a', 'presence-b');
    await core.call('newConnection', 'ann', 's1', 'ddp-1');
    await bus.leave(keeper);
    await present('presence-b');
    await expect(core.call('updateConnection', 'ann', 's1')).resolves.toEqual({ uid: 'ann', connectionId: 's1' });
    await expect(core.call('getConnectionCount')).resolves.toEqual({ current: 1, max: 200 });
    expect(eventsOf(core, 'ann').at(-1)!.user.status).toBe('online');
  });
});
