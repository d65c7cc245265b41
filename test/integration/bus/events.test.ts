import { BusFixture, sees, shown } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

/** Contract 4 and the counts of 2.1. */
describe('events and counts over the bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;

  beforeEach(async () => {
    bus = await BusFixture.start();
    [core] = await Promise.all([bus.rocketChat('core-1'), bus.replica({ nodeID: 'presence-1' })]);
  });
  afterEach(() => bus.stop());

  const count = () => core.call('getConnectionCount');
  const instance = (clientAction: string, id: string, conns?: number) =>
    core.broadcast('watch.instanceStatus', {
      clientAction,
      id,
      ...(conns === undefined ? {} : { diff: { 'extraInformation.conns': conns } }),
    });

  test('counts and peaks follow what instances tell; nothing is limited at 200', async () => {
    await expect(count()).resolves.toEqual({ current: 0, max: 200 });
    await instance('updated', 'i-1', 150);
    await instance('updated', 'i-2', 100);
    await eventually(async () => expect(await count()).toEqual({ current: 250, max: 200 }));
    await instance('removed', 'i-2');
    await eventually(async () => expect(await count()).toEqual({ current: 150, max: 200 }));
    await expect(core.call('getPeakConnections')).resolves.toBe(250);
    await expect(core.call('getPeakConnections', true)).resolves.toBe(250);
    await expect(core.call('getPeakConnections', false)).resolves.toBe(150);
    await expect(core.call('resetPeakConnections')).resolves.toBeUndefined();
    await expect(core.call('toggleBroadcast', true)).resolves.toBeUndefined();
  });

  test('where no instance tells a count, the sessions are counted', async () => {
    await core.call('newConnection', 'ann', 's1', 'ddp-1');
    await core.call('newConnection', 'ann', 's2', 'ddp-1');
    await expect(count()).resolves.toEqual({ current: 2, max: 200 });
    await core.call('removeConnection', 'ann', 's1');
    await expect(count()).resolves.toEqual({ current: 1, max: 200 });
    await expect(core.call('getPeakConnections', null)).resolves.toBe(2);
  });

  test.each([
    ['nothing', undefined],
    ['no id', { clientAction: 'removed' }],
    ['a number', 7],
    ['an odd count', { clientAction: 'updated', id: 'x', diff: { 'extraInformation.conns': 'many' } }],
    ['null members', { clientAction: null, id: 'x', diff: null, data: null }],
  ])('watch.instanceStatus with %s is no news', async (_what, payload) => {
    await core.broadcast('watch.instanceStatus', payload);
    await expect(count()).resolves.toEqual({ current: 0, max: 200 });
  });

  test('a removed instance loses its sessions', async () => {
    await core.call('newConnection', 'ann', 's1', 'uuid-1');
    await instance('removed', 'uuid-1');
    await sees(core, 'ann', 'online', 'offline');
  });

  test('a node that leaves the bus loses its sessions', async () => {
    const ddp = await bus.rocketChat('ddp-9');
    await ddp.call('newConnection', 'ann', 's1', 'ddp-9');
    await ddp.call('newConnection', 'bob', 's2', 'core-1');
    await bus.leave(ddp);
    await sees(core, 'ann', 'online', 'offline');
    expect(shown(core, 'bob')).toEqual(['online']);
  });

  test('while broadcasting is off state goes on, silently, and the switch outlives a toggle', async () => {
    await core.call('newConnection', 'ann', 's1', 'ddp-1');
    await core.call('toggleBroadcast', false);
    await core.call('setStatus', 'ann', 'busy');
    await core.call('toggleBroadcast', true);
    await core.call('removeConnection', 'ann', 's1');
    const events = await sees(core, 'ann', 'online', 'offline');
    expect(events[1]!.previousStatus).toBe('busy');
    expect(events.map(({ rev }) => rev)).toEqual([1, 3]);
  });

  test('upsertUsers names users, answers each item, and tells a change of name or roles', async () => {
    await core.call('newConnection', 'ann', 's1', 'ddp-1');
    const answer = await core.call('upsertUsers', [
      { _id: 'ann', username: 'ann.smith', name: 'Ann Smith', roles: ['admin'] },
      { _id: 'new', username: 'new.user' },
      { username: 'no id' },
      'not a user',
    ]);
    expect(answer).toEqual([
      { _id: 'ann', ok: true, created: false },
      { _id: 'new', ok: true, created: true },
      { ok: false, error: { code: 'INVALID_ARGUMENT', message: expect.stringContaining('_id') as string } },
      {
        ok: false,
        error: { code: 'INVALID_ARGUMENT', message: 'user: must be an object, not a string of 10 characters' },
      },
    ]);
    const events = await sees(core, 'ann', 'online', 'online');
    expect(events[1]!.user).toEqual({
      _id: 'ann',
      username: 'ann.smith',
      name: 'Ann Smith',
      status: 'online',
      roles: ['admin'],
    });
  });

  test('removeUsers tells a user as offline once, and leaves nothing of them but history', async () => {
    await core.call('newConnection', 'rem', 's1', 'ddp-1');
    await core.call('setStatus', 'rem', 'busy', 'x');
    await core.call('newConnection', 'stays', 's2', 'ddp-1');
    const hour = (n: number) => new Date(Date.now() + n * 3_600_000);
    await core.call('schedule', 'rem', { statusDefault: 'busy' }, hour(1), hour(2));
    const answer = await core.call('removeUsers', ['rem', 'nobody', '', 7]);
    const refused = {
      ok: false,
      error: { code: 'INVALID_ARGUMENT', message: expect.stringContaining('uid') as string },
    };
    expect(answer).toEqual([
      { _id: 'rem', ok: true, removed: true },
      { _id: 'nobody', ok: true, removed: false },
      { _id: '', ...refused },
      refused,
    ]);
    await sees(core, 'rem', 'online', 'busy', 'offline');
    expect(await core.call('get', 'rem')).toMatchObject({ status: 'unknown', reason: 'never-seen' });
    expect(await core.call('schedules', 'rem')).toEqual([]);
    expect(await core.call('explain', 'rem')).toMatchObject({ known: false });
    expect(await core.call('get', 'stays')).toMatchObject({ status: 'online' });
    await core.call('updateConnection', 'rem', 's1');
    await sees(core, 'rem', 'online', 'busy', 'offline', 'online');
    expect(await core.call('get', 'rem')).toMatchObject({ status: 'online', rev: 1 });
  });

  const actionsOf = (service: string): string[] =>
    core.broker.registry
      .getActionList({ onlyAvailable: true })
      .map(({ name }: { name: string }) => name)
      .filter((name: string) => name.startsWith(`${service}.`))
      .sort();

  test('only what is meant to be called is an action', async () => {
    expect(actionsOf('presence')).toEqual(
      [
        'cancelSchedule',
        'claims',
        'clearActiveState',
        'endActiveState',
        'explain',
        'get',
        'getConnectionCount',
        'getMany',
        'getPeakConnections',
        'list',
        'newConnection',
        'reconcile',
        'removeConnection',
        'removeLostConnections',
        'removeUsers',
        'replica',
        'replicas',
        'resetPeakConnections',
        'schedule',
        'schedules',
        'setActiveState',
        'setConnectionStatus',
        'setStatus',
        'setStatusMany',
        'stats',
        'toggleBroadcast',
        'updateConnection',
        'updateUserPresence',
        'upsertUsers',
      ].map((name) => `presence.${name}`),
    );
    await core.broker.waitForServices('callbacks', 10_000, 20);
    expect(actionsOf('callbacks')).toEqual(
      [
        'deliveries',
        'get',
        'list',
        'pause',
        'register',
        'remove',
        'resume',
        'retry',
        'rotateSecret',
        'test',
        'update',
      ].map((name) => `callbacks.${name}`),
    );
    await expect(core.call('broadcast', {}, 'online')).rejects.toMatchObject({ type: 'SERVICE_NOT_FOUND' });
  });
});
