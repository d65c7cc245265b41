import { BusFixture, eventsOf, sees, shown } from '../../helpers/bus-fixture';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const EMOJI = '😀'; // two UTF-16 units

/** What operators and real callers ask for, on either store. */
describe('status rules over the bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;

  beforeAll(async () => {
    bus = await BusFixture.start();
    await bus.replica({ nodeID: 'presence-1' });
    core = await bus.rocketChat('core-1', [], ['presence', 'history']);
  });
  afterAll(() => bus.stop());

  const online = (uid: string) => core.call('newConnection', uid, `s-${uid}`, 'core-1');

  test.each([
    ['type bot', { type: 'bot' }],
    ['type app', { type: 'app' }],
    ['role bot', { roles: ['bot'] }],
  ])('a service user of %s that is set online without a session is online until that is cleared', async (kind, who) => {
    const uid = kind.replace(' ', '-');
    await core.call('upsertUsers', [{ _id: uid, ...who }]);
    await expect(core.call('setStatus', uid, 'online')).resolves.toBe(true);
    await core.call('updateUserPresence', uid);
    await core.call('reconcile');
    await expect(core.call('get', uid)).resolves.toMatchObject({ status: 'online', statusConnection: 'offline' });
    await expect(core.call('explain', uid)).resolves.toMatchObject({
      agrees: true,
      decidedBy: 'claim-of-service-user',
    });
    await online(uid);
    await core.call('removeConnection', uid, `s-${uid}`);
    await expect(core.call('clearActiveState', uid)).resolves.toBe(true);
    await sees(core, uid, 'offline', 'online', 'offline');
  });

  test('a batch sets a bot online and a person not; both are accepted', async () => {
    await core.call('upsertUsers', [{ _id: 'many-bot', type: 'bot' }, { _id: 'many-ann' }]);
    const items = ['many-bot', 'many-ann'].map((uid) => ({ uid, statusDefault: 'online' }));
    await expect(core.call('setStatusMany', items)).resolves.toMatchObject([{ accepted: true }, { accepted: true }]);
    const statuses = await core.call<{ status: string }[]>('getMany', ['many-bot', 'many-ann']);
    expect(statuses.map(({ status }) => status)).toEqual(['online', 'offline']);
  });

  test.each([
    ['is cut before a character that would be halved', `${'a'.repeat(119)}${EMOJI}`, 'a'.repeat(119)],
    ['with half a character has U+FFFD in its place', 'a\ud83d', 'a\ufffd'],
    ['of 60 characters of two units is whole', EMOJI.repeat(60), EMOJI.repeat(60)],
  ])('a text that %s is told once, however often it is set', async (what, text, told) => {
    const uid = what.slice(0, 10);
    await online(uid);
    for (let n = 0; n < 3; n++) await core.call('setStatus', uid, 'busy', text);
    await core.call('setActiveState', uid, { statusDefault: 'busy', statusSource: 'manual', statusText: text });
    await expect(core.call('get', uid)).resolves.toMatchObject({ statusText: told, rev: 2 });
    await core.call('removeConnection', uid, `s-${uid}`);
    const events = await sees(core, uid, 'online', 'busy', 'offline');
    expect(events[1]!.user.statusText).toBe(told);
  });

  test('a text alone changes the text and keeps the status, with its source and end', async () => {
    await online('txt');
    const until = new Date(Date.now() + 3_600_000);
    await core.call('setStatus', 'txt', 'busy', 'in a meeting', until);
    await expect(core.call('setStatus', 'txt', null, 'brb')).resolves.toBe(true);
    await core.broker.call('presence.setStatus', { uid: 'txt', statusText: '' });
    await core.call('setStatusMany', [{ uid: 'txt', statusDefault: null, statusText: 'back' }]);
    const events = await sees(core, 'txt', 'online', 'busy', 'busy', 'busy', 'busy');
    const said = events.map(({ user }) => [user.statusText, user.statusExpiresAt] as unknown[]);
    expect(said.slice(1)).toEqual([
      ['in a meeting', until],
      ['brb', until],
      [undefined, until],
      ['back', until],
    ]);
  });

  test('toggleBroadcast with null switches it off', async () => {
    await online('tog');
    await expect(core.call('toggleBroadcast', null)).resolves.toBeUndefined();
    await core.call('setStatus', 'tog', 'busy');
    await core.call('toggleBroadcast', true);
    await core.call('setStatus', 'tog', 'away');
    await sees(core, 'tog', 'online', 'away');
    expect(eventsOf(core, 'tog').at(-1)!.previousStatus).toBe('busy');
    expect(shown(core, 'tog')).not.toContain('busy');
  });
});
