import type { ListedClaim, ListedClaims } from '../../../domain/claim-list';
import type { PresenceStore } from '../../../lib/store/port';
import { BusFixture, sees, shown } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const PATIENT = { timeoutMs: 20_000 };
const internal = (statusId: string) => ({
  statusDefault: 'busy',
  statusSource: 'internal',
  statusText: statusId,
  statusId,
});
const external = (statusId: string) => ({ ...internal(statusId), statusDefault: 'away', statusSource: 'external' });

/** Claims beyond the two that Rocket.Chat knows of, over the bus and on either store. */
describe('claims that wait', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  let store: PresenceStore;

  beforeAll(async () => {
    bus = await BusFixture.start();
    store = (await bus.replica({ nodeID: 'presence-1' })).store;
    core = await bus.rocketChat('core-1');
  });
  afterAll(() => bus.stop());

  const listed = async (uid: string) => {
    const { active, waiting } = await core.call<ListedClaims>('claims', uid);
    const idOf = ({ id, source }: ListedClaim) => id ?? source;
    return [active && idOf(active), ...waiting.map(idOf)];
  };
  const stored = async (uid: string) => (await store.usersOf([uid])).get(uid)!;

  test('are all there, each is ended by its id, and come back one after the other', async () => {
    await core.call('newConnection', 'ann', 'ann/s', 'core-1');
    for (const claim of [external('calendar'), internal('call-1'), internal('call-2'), external('bridge')]) {
      await expect(core.call('setActiveState', 'ann', claim)).resolves.toBe(true);
    }
    await expect(core.call('setStatus', 'ann', 'away', 'lunch')).resolves.toBe(true);
    expect(await listed('ann')).toEqual(['call-2', 'call-1', 'manual', 'bridge', 'calendar']);
    expect((await stored('ann')).previousState).toMatchObject({ statusId: 'call-1', statusSource: 'internal' });

    await expect(core.call('endActiveState', 'ann', 'call-1')).resolves.toBe(true);
    expect((await stored('ann')).previousState).toMatchObject({ statusText: 'lunch', statusSource: 'manual' });
    await expect(core.call('endActiveState', 'ann', 'bridge')).resolves.toBe(true);
    await expect(core.call('endActiveState', 'ann', 'bridge')).resolves.toBe(false);
    expect(await listed('ann')).toEqual(['call-2', 'manual', 'calendar']);

    for (let left = 3; left > 0; left--) await core.call('endActiveState', 'ann');
    const events = await sees(core, 'ann', 'online', 'away', 'busy', 'busy', 'away', 'away', 'online');
    expect(events.map(({ user }) => user.statusText as string)).toEqual([
      undefined,
      'calendar',
      'call-1',
      'call-2',
      'lunch',
      'calendar',
      undefined,
    ]);
    expect(await core.call('claims', 'ann')).toEqual({ uid: 'ann', waiting: [] });
    expect((await stored('ann')).previousState).toBeUndefined();
  });

  test('are told with source, priority, text and end; by name too; and of nobody it is said that nothing is known', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000);
    await core.call('setActiveState', 'bob', { ...internal('call'), statusExpiresAt: expiresAt });
    await core.call('setActiveState', 'bob', external('calendar'));
    await expect(core.broker.call('presence.claims', { uid: 'bob' })).resolves.toEqual({
      uid: 'bob',
      active: { id: 'call', source: 'internal', priority: 1, status: 'busy', text: 'call', expiresAt },
      waiting: [{ id: 'calendar', source: 'external', priority: 3, status: 'away', text: 'calendar' }],
    });
    await expect(core.call('claims', 'nobody')).resolves.toEqual({
      uid: 'nobody',
      status: 'unknown',
      reason: 'never-seen',
    });
  });

  test('where the best of those that wait has ended Rocket.Chat sees the next one wait, without any call', async () => {
    await core.call('newConnection', 'cy', 'cy/s', 'core-1');
    await core.call('setActiveState', 'cy', external('calendar'));
    const statusExpiresAt = new Date(Date.now() + 1500);
    await core.call('setActiveState', 'cy', { ...internal('short'), statusExpiresAt });
    await core.call('setActiveState', 'cy', internal('call'));
    expect((await stored('cy')).previousState).toMatchObject({ statusId: 'short' });
    await eventually(async () => {
      const { previousState, presenceWaiting } = await stored('cy');
      expect({ previousState, presenceWaiting }).toMatchObject({ previousState: external('calendar') });
    }, PATIENT);
    expect(shown(core, 'cy')).toEqual(['online', 'away', 'busy', 'busy']);
    expect(await listed('cy')).toEqual(['call', 'calendar']);
  });
});
