import { BusFixture, eventsOf, sees, shown } from '../../helpers/bus-fixture';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

/** Contract 2.1, connection actions, as a ddp-streamer calls them. */
describe('connections over the bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;

  beforeAll(async () => {
    bus = await BusFixture.start();
    await bus.replica({ nodeID: 'presence-1' });
    core = await bus.rocketChat('ddp-1');
  });
  afterAll(() => bus.stop());

  test('newConnection answers uid and connectionId and shows the user online', async () => {
    await expect(core.call('newConnection', 'ann', 's-ann', 'ddp-1')).resolves.toEqual({
      uid: 'ann',
      connectionId: 's-ann',
    });
    const [event] = await sees(core, 'ann', 'online');
    expect(event).toEqual({
      user: { _id: 'ann', username: 'ann', status: 'online', roles: [] },
      rev: 1,
      argumentCount: 1,
    });
  });

  test.each([
    [null, 's1', 'ddp-1'],
    ['', 's1', 'ddp-1'],
    ['nobody', null, 'ddp-1'],
    ['nobody', '', 'ddp-1'],
    [undefined, undefined, 'ddp-1'],
  ])('newConnection(%p, %p, %p) does and answers nothing', async (...args) => {
    await expect(core.call('newConnection', ...args)).resolves.toBeUndefined();
    expect(eventsOf(core, 'nobody')).toEqual([]);
  });

  test('newConnection is idempotent: a second login over the same socket is the same session', async () => {
    await core.call('newConnection', 'twice', 's-twice', 'ddp-1');
    await core.call('newConnection', 'twice', 's-twice', 'ddp-1');
    await core.call('removeConnection', 'twice', 's-twice', 'ddp-1');
    await sees(core, 'twice', 'online', 'offline');
  });

  test('removeConnection answers uid and session; the last one shows the user offline', async () => {
    await core.call('newConnection', 'bob', 's-bob-1', 'ddp-1');
    await core.call('newConnection', 'bob', 's-bob-2', 'ddp-1');
    await expect(core.call('removeConnection', 'bob', 's-bob-1', 'ddp-1')).resolves.toEqual({
      uid: 'bob',
      session: 's-bob-1',
    });
    await core.call('removeConnection', 'bob', 's-bob-2', 'ddp-1');
    const events = await sees(core, 'bob', 'online', 'offline');
    expect(events.map(({ previousStatus }) => previousStatus)).toEqual([undefined, 'online']);
  });

  test.each([
    [null, 's'],
    ['', 's'],
    ['u', null],
    ['u', ''],
  ])('removeConnection(%p, %p) answers nothing', async (uid, session) => {
    await expect(core.call('removeConnection', uid, session, 'ddp-1')).resolves.toBeUndefined();
  });

  test('removeConnection of an unknown session answers as if all had been well and creates nobody', async () => {
    await expect(core.call('removeConnection', 'ghost', 's-ghost')).resolves.toEqual({
      uid: 'ghost',
      session: 's-ghost',
    });
    expect(eventsOf(core, 'ghost')).toEqual([]);
  });

  test('removeConnection removes the session wherever it is stored, and its owner is decided again', async () => {
    await core.call('newConnection', 'owner', 's-shared', 'ddp-1');
    await core.call('newConnection', 'other', 's-other', 'ddp-1');
    await core.call('removeConnection', 'other', 's-shared', 'ddp-1');
    await sees(core, 'owner', 'online', 'offline');
    expect(shown(core, 'other')).toEqual(['online']);
  });

  test('updateConnection answers uid and connectionId, and a heartbeat that changes nothing tells nothing', async () => {
    await core.call('newConnection', 'cara', 's-cara', 'ddp-1');
    for (let i = 0; i < 20; i++) {
      await expect(core.call('updateConnection', 'cara', 's-cara')).resolves.toEqual({
        uid: 'cara',
        connectionId: 's-cara',
      });
    }
    await core.call('removeConnection', 'cara', 's-cara');
    await sees(core, 'cara', 'online', 'offline');
  });

  test('updateConnection heals an unknown session under the calling node', async () => {
    await expect(core.call('updateConnection', 'lost', 's-lost')).resolves.toEqual({
      uid: 'lost',
      connectionId: 's-lost',
    });
    await sees(core, 'lost', 'online');
    await expect(core.call('removeLostConnections', 'ddp-1')).resolves.toContain('lost');
    await sees(core, 'lost', 'online', 'offline');
  });

  test('setConnectionStatus answers whether the session was there and moves the user away and back', async () => {
    await core.call('newConnection', 'dora', 's-dora', 'ddp-1');
    await expect(core.call('setConnectionStatus', 'dora', 'away', 's-dora')).resolves.toBe(true);
    await expect(core.call('setConnectionStatus', 'dora', 'away', 's-dora')).resolves.toBe(true);
    await expect(core.call('setConnectionStatus', 'dora', 'online', 's-dora')).resolves.toBe(true);
    await expect(core.call('setConnectionStatus', 'dora', 'away', 's-none')).resolves.toBe(false);
    await expect(core.call('setConnectionStatus', 'never-seen', 'away', 's-none')).resolves.toBe(false);
    const events = await sees(core, 'dora', 'online', 'away', 'online');
    expect(events.map(({ rev }) => rev)).toEqual([1, 2, 3]);
  });

  test('removeLostConnections of a node answers its users, shows them offline and leaves others alone', async () => {
    await core.call('newConnection', 'erin', 's-erin', 'ddp-7');
    await core.call('newConnection', 'finn', 's-finn', 'ddp-7');
    await core.call('newConnection', 'finn', 's-finn-2', 'ddp-1');
    const affected = await core.call<string[]>('removeLostConnections', 'ddp-7');
    expect([...affected].sort()).toEqual(['erin', 'finn']);
    await expect(core.call('removeLostConnections', 'ddp-7')).resolves.toEqual([]);
    await sees(core, 'erin', 'online', 'offline');
    await sees(core, 'finn', 'online');
  });

  test('removeLostConnections without an id keeps the sessions of nodes on the bus, and only those', async () => {
    await core.call('newConnection', 'gone', 's-gone', 'no-such-node');
    await core.call('newConnection', 'half', 's-half-1', 'no-such-node');
    await core.call('newConnection', 'half', 's-half-2', 'ddp-1');
    await core.call('newConnection', 'here', 's-here', 'ddp-1');
    const affected = await core.call<string[]>('removeLostConnections');
    expect(affected).toEqual(expect.arrayContaining(['gone', 'half']));
    expect(affected).not.toContain('here');
    await sees(core, 'gone', 'online', 'offline');
    await sees(core, 'half', 'online');
    await sees(core, 'here', 'online');
  });

  test('named parameters do as well as positional ones', async () => {
    const { broker } = core;
    await expect(
      broker.call('presence.newConnection', { uid: 'nina', session: 's-nina', nodeId: 'ddp-1' }),
    ).resolves.toEqual({ uid: 'nina', connectionId: 's-nina' });
    await broker.call('presence.setConnectionStatus', { uid: 'nina', status: 'away', session: 's-nina' });
    await broker.call('presence.updateConnection', { uid: 'nina', connectionId: 's-nina' });
    await expect(broker.call('presence.removeConnection', { uid: 'nina', session: 's-nina' })).resolves.toEqual({
      uid: 'nina',
      session: 's-nina',
    });
    await sees(core, 'nina', 'online', 'away', 'offline');
  });
});
