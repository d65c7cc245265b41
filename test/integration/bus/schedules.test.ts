import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListedClaims } from '../../../domain/claim-list';
import type { ScheduleView } from '../../../lib/schedules/scheduler';
import { BusFixture, eventsOf, sees, shown } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const PATIENT = { timeoutMs: 20_000 };
const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`);
const LUNCH = { statusDefault: 'away', statusText: 'lunch' };
/** So that all schedules are there before the first begins. */
const FIRST_AFTER_MS = 3_000;
const LASTS_MS = 1_500;
const EVERY_DAY = { days: ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'], from: '00:00', to: '24:00' };

describe('scheduled claims', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  const folders: string[] = [];

  beforeEach(async () => {
    bus = await BusFixture.start();
    core = await bus.rocketChat('core-1', [], []);
  });
  afterEach(async () => {
    await bus.stop();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** Everybody is online and will be at lunch for a while. @returns when that starts, epoch milliseconds */
  async function lunchFor(uids: readonly string[], lastsMs: number): Promise<number> {
    await core.broker.waitForServices('presence', 10_000, 20);
    await Promise.all(uids.map((uid) => core.call('newConnection', uid, `${uid}/s`, 'core-1')));
    const startMs = Date.now() + FIRST_AFTER_MS;
    const [startsAt, endsAt] = [new Date(startMs), new Date(startMs + lastsMs)];
    await Promise.all(uids.map((uid) => core.call('schedule', uid, LUNCH, startsAt, endsAt)));
    return startMs;
  }

  test('begin and end once each with three replicas, never before their time', async () => {
    for (const nodeID of ['presence-a', 'presence-b', 'presence-c']) await bus.replica({ nodeID });
    const startMs = await lunchFor(USERS, LASTS_MS);
    const begun = await Promise.all(
      USERS.map(async (uid) => {
        await eventually(() => expect(shown(core, uid)).toContain('away'), PATIENT);
        return Date.now() - startMs;
      }),
    );
    process.stderr.write(`scheduled claims began ${Math.min(...begun)} to ${Math.max(...begun)} ms late\n`);
    expect(Math.min(...begun)).toBeGreaterThanOrEqual(0);
    for (const uid of USERS) {
      await eventually(() => expect(shown(core, uid)).toHaveLength(3), PATIENT);
      expect(eventsOf(core, uid).map(({ user }) => [user.status, user.statusText] as [string, string])).toEqual([
        ['online', undefined],
        ['away', 'lunch'],
        ['online', undefined],
      ]);
      await eventually(async () => expect(await core.call('schedules', uid)).toEqual([]), PATIENT);
    }
  });

  test('are kept over a restart, and made late rather than never', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'presence-schedules-'));
    folders.push(folder);
    const before = await bus.replica({ nodeID: 'presence-before', env: { DATA_DIR: folder } });
    const startMs = await lunchFor(['ann'], 60_000);
    await bus.leave(before);
    await eventually(() => expect(Date.now()).toBeGreaterThan(startMs), PATIENT);
    expect(shown(core, 'ann')).toEqual(['online']);
    await bus.replica({ nodeID: 'presence-after', env: { DATA_DIR: folder } });
    await sees(core, 'ann', 'online', 'away');
    expect(await core.call('claims', 'ann')).toMatchObject({ active: { text: 'lunch', source: 'internal' } });
  });

  describe('on one replica', () => {
    beforeEach(async () => {
      await bus.replica({ nodeID: 'presence-1' });
      await core.broker.waitForServices('presence', 10_000, 20);
      await core.call('newConnection', 'ann', 'ann/s', 'core-1');
    });

    test('weekly hours hold now and come again; who takes his claim back is left alone; a cancel ends them', async () => {
      const given = ['ann', LUNCH, null, EVERY_DAY, 'Asia/Kolkata'] as const;
      const made = await core.call<ScheduleView>('schedule', ...given);
      expect(made).toMatchObject({
        uid: 'ann',
        status: 'away',
        text: 'lunch',
        weekly: EVERY_DAY,
        timeZone: 'Asia/Kolkata',
      });
      await sees(core, 'ann', 'online', 'away');
      await eventually(async () => {
        const [kept] = await core.call<ScheduleView[]>('schedules', 'ann');
        expect(kept).toMatchObject({ id: made.id, running: { endsAt: expect.any(Date) as Date } });
        // Midnight in Kolkata is half past six in the evening in London.
        expect(kept?.next?.startsAt.toISOString()).toMatch(/T18:30:00.000Z$/);
        expect(kept?.next?.startsAt).toEqual(kept?.running?.endsAt);
      });
      const { active } = await core.call<ListedClaims>('claims', 'ann');
      expect(active).toMatchObject({ id: made.id, source: 'internal', text: 'lunch' });

      await core.call('clearActiveState', 'ann');
      await sees(core, 'ann', 'online', 'away', 'online');
      const again = await core.call<ScheduleView>('schedule', ...given);
      await sees(core, 'ann', 'online', 'away', 'online', 'away');
      await expect(core.call('cancelSchedule', 'bob', again.id)).resolves.toBe(false);
      await expect(core.call('cancelSchedule', 'ann', again.id)).resolves.toBe(true);
      await sees(core, 'ann', 'online', 'away', 'online', 'away', 'online');
      await expect(core.call('cancelSchedule', 'ann', again.id)).resolves.toBe(false);
      await expect(core.call<ScheduleView[]>('schedules', 'ann')).resolves.toMatchObject([{ id: made.id }]);
    });

    test('wait like any claim: behind a stronger one, and are rejected by an invisible user', async () => {
      const until = new Date(Date.now() + 3_600_000);
      const source = { ...LUNCH, statusSource: 'external' };
      await core.call('setStatus', 'ann', 'busy', 'writing');
      const named = { uid: 'ann', claim: source, startsAt: new Date(), endsAt: until.toISOString() };
      const { id } = await core.broker.call<ScheduleView, object>('presence.schedule', named);
      await eventually(async () => {
        expect(await core.call('claims', 'ann')).toMatchObject({ waiting: [{ id, text: 'lunch', expiresAt: until }] });
      });
      expect(shown(core, 'ann')).toEqual(['online', 'busy']);

      await core.call('newConnection', 'bob', 'bob/s', 'core-1');
      await core.call('setStatus', 'bob', 'offline');
      await core.call('schedule', 'bob', LUNCH, new Date(), until);
      await eventually(async () => {
        expect(await core.call('schedules', 'bob')).toMatchObject([{ running: { endsAt: until } }]);
      });
      expect(shown(core, 'bob')).toEqual(['online', 'offline']);
    });
  });
});
