import { BusFixture, eventsOf, sees } from '../../helpers/bus-fixture';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const HOUR = 3_600_000;

/** Contract 2.1 (setStatus and the claims) and 8.4, as core, the calendar and media calls use them. */
describe('claims over the bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  /** Moved by hand: claims end when it says so. */
  let offsetMs = 0;

  beforeAll(async () => {
    bus = await BusFixture.start();
    await bus.replica({ nodeID: 'presence-1', clock: () => Date.now() + offsetMs });
    core = await bus.rocketChat('core-1');
  });
  afterAll(() => bus.stop());

  const online = (uid: string) => core.call('newConnection', uid, `s-${uid}`, 'core-1');

  test('setStatus shows status, trimmed text, source and end', async () => {
    await online('ann');
    const until = new Date(Date.now() + HOUR);
    await expect(core.call('setStatus', 'ann', 'busy', '  in a meeting ', until)).resolves.toBe(true);
    const events = await sees(core, 'ann', 'online', 'busy');
    expect(events[1]).toEqual({
      user: {
        _id: 'ann',
        username: 'ann',
        status: 'busy',
        statusText: 'in a meeting',
        statusSource: 'manual',
        statusExpiresAt: until,
        roles: [],
      },
      previousStatus: 'online',
      rev: 2,
      argumentCount: 1,
    });
  });

  test('setStatus with null for text and end is setStatus without them: the text stays', async () => {
    await online('nel');
    await core.call('setStatus', 'nel', 'busy', 'first', null);
    await core.call('setStatus', 'nel', 'away', null, null);
    const events = await sees(core, 'nel', 'online', 'busy', 'away');
    expect(events[2]!.user.statusText).toBe('first');
    await core.call('setStatus', 'nel', 'away', '');
    await sees(core, 'nel', 'online', 'busy', 'away', 'away');
    expect(eventsOf(core, 'nel')[3]!.user).not.toHaveProperty('statusText');
  });

  test('setStatus online without text clears every claim', async () => {
    await online('bob');
    await core.call('setStatus', 'bob', 'busy', 'text');
    await expect(core.call('setStatus', 'bob', 'online')).resolves.toBe(true);
    const events = await sees(core, 'bob', 'online', 'busy', 'online');
    expect(events[2]!.user).toEqual({ _id: 'bob', username: 'bob', status: 'online', roles: [] });
  });

  test('a text is cut at 120 characters', async () => {
    await online('long');
    await core.call('setStatus', 'long', 'away', 'x'.repeat(500));
    const events = await sees(core, 'long', 'online', 'away');
    expect(events[1]!.user.statusText).toBe('x'.repeat(120));
  });

  test('a meeting waits behind a call and comes back after it; ids end only their own claim', async () => {
    await online('cara');
    const meeting = { statusDefault: 'busy', statusSource: 'external', statusText: 'meeting', statusId: 'calendar' };
    const call = { statusDefault: 'busy', statusSource: 'internal', statusText: 'call', statusId: 'call-1' };
    await expect(core.call('setActiveState', 'cara', meeting)).resolves.toBe(true);
    await expect(core.call('setActiveState', 'cara', call)).resolves.toBe(true);
    await expect(core.call('endActiveState', 'cara', 'call-2')).resolves.toBe(false);
    await expect(core.call('endActiveState', 'cara', 'call-1')).resolves.toBe(true);
    await expect(core.call('endActiveState', 'cara', 'calendar')).resolves.toBe(true);
    const events = await sees(core, 'cara', 'online', 'busy', 'busy', 'busy', 'online');
    expect(events.map(({ user }) => user.statusText as string)).toEqual([
      undefined,
      'meeting',
      'call',
      'meeting',
      undefined,
    ]);
  });

  test('an invisible user is not made visible by a calendar (C2)', async () => {
    await online('inv');
    await core.call('setStatus', 'inv', 'offline');
    await expect(core.call('setActiveState', 'inv', { statusDefault: 'busy', statusSource: 'external' })).resolves.toBe(
      false,
    );
    await sees(core, 'inv', 'online', 'offline');
  });

  test('an accepted claim that changes nothing answers true and tells nothing', async () => {
    await online('same');
    await core.call('setStatus', 'same', 'busy', 'x');
    await expect(core.call('setStatus', 'same', 'busy', 'x')).resolves.toBe(true);
    await core.call('removeConnection', 'same', 's-same');
    await sees(core, 'same', 'online', 'busy', 'offline');
  });

  test('a user without a text to whom an empty one is given, and without a claim whose claim is ended, has not changed', async () => {
    await online('new');
    await expect(core.call('setStatus', 'new', 'online')).resolves.toBe(true);
    await expect(core.call('endActiveState', 'new')).resolves.toBe(true);
    await expect(core.call('clearActiveState', 'new')).resolves.toBe(true);
    await expect(core.call('get', 'new')).resolves.toMatchObject({ status: 'online', rev: 1 });
    await core.call('removeConnection', 'new', 's-new');
    await sees(core, 'new', 'online', 'offline');
    await expect(core.broker.call('history.count', { uid: 'new' })).resolves.toBe(2);
  });

  test('a claim without a session is kept and shown on reconnect', async () => {
    await expect(core.call('setStatus', 'absent', 'busy', 'later')).resolves.toBe(true);
    await online('absent');
    await sees(core, 'absent', 'offline', 'busy');
  });

  test('clearActiveState of a user without sessions leaves it offline (W22)', async () => {
    await core.call('setStatus', 'clr', 'busy', 'x');
    await expect(core.call('clearActiveState', 'clr')).resolves.toBe(true);
    await sees(core, 'clr', 'offline', 'offline');
  });

  test('a bot shows its claim without a session, whatever comes (W23)', async () => {
    await core.call('upsertUsers', [{ _id: 'bot', username: 'rocket.cat', type: 'bot', roles: ['bot'] }]);
    await core.call('setStatus', 'bot', 'busy', 'working');
    await core.call('updateUserPresence', 'bot');
    await core.call('newConnection', 'bot', 's-bot', 'ddp-1');
    await core.call('removeConnection', 'bot', 's-bot');
    await core.call('endActiveState', 'bot');
    const events = await sees(core, 'bot', 'offline', 'busy', 'offline');
    expect(events[1]!.user).toMatchObject({ username: 'rocket.cat', roles: ['bot'] });
  });

  test.each([
    ['in the past', new Date(Date.now() - HOUR)],
    ['invalid', new Date(Number.NaN)],
  ])('an end %s is refused with the exact text', async (_what, statusExpiresAt) => {
    const claim = { statusDefault: 'busy', statusSource: 'manual', statusExpiresAt };
    await expect(core.call('setActiveState', 'exp', claim)).rejects.toMatchObject({
      message: 'statusExpiresAt must be a future date',
      type: 'EXPIRY_NOT_IN_FUTURE',
    });
    await expect(core.call('setStatus', 'exp', 'busy', 'x', statusExpiresAt)).rejects.toMatchObject({
      message: 'statusExpiresAt must be a future date',
    });
    expect(eventsOf(core, 'exp')).toEqual([]);
  });

  test('a claim ends by itself when its time is over, and one event tells it', async () => {
    await online('tim');
    await core.call('setStatus', 'tim', 'busy', 'until', new Date(Date.now() + HOUR));
    offsetMs = HOUR + 1000;
    const events = await sees(core, 'tim', 'online', 'busy', 'online');
    expect(events[2]!.user).toEqual({ _id: 'tim', username: 'tim', status: 'online', roles: [] });
    offsetMs = 0;
  });

  test('updateUserPresence answers whether the user is known, and changes nothing that is right', async () => {
    await online('upd');
    await expect(core.call('updateUserPresence', 'upd')).resolves.toBe(true);
    await expect(core.call('updateUserPresence', 'nobody-knows')).resolves.toBe(false);
    await sees(core, 'upd', 'online');
  });

  test('named parameters do as well, a claim flat or as one object', async () => {
    await online('nam');
    const { broker } = core;
    await broker.call('presence.setStatus', { uid: 'nam', statusDefault: 'busy', statusText: 'one' });
    await broker.call('presence.setActiveState', { uid: 'nam', statusDefault: 'away', statusSource: 'manual' });
    await broker.call('presence.setActiveState', {
      uid: 'nam',
      claim: { statusDefault: 'busy', statusSource: 'manual' },
    });
    await broker.call('presence.endActiveState', { uid: 'nam' });
    await broker.call('presence.setStatus', {
      uid: 'nam',
      statusDefault: 'away',
      statusExpiresAt: new Date(Date.now() + HOUR).toISOString(),
    });
    await broker.call('presence.clearActiveState', { uid: 'nam' });
    await sees(core, 'nam', 'online', 'busy', 'away', 'busy', 'online', 'away', 'online');
  });
});
