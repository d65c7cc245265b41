import type { Schedule } from '../../domain/schedule';
import type { ScheduleStore } from '../../lib/store/schedule-port';
import { MINUTE, NOW, SECOND } from './presence-builders';
import type { StoreUnderTest } from './store-contract-queries';

const scheduleOf = (id: string, dueMs: number, fields: Partial<Schedule> = {}): Schedule => ({
  _id: id,
  uid: 'ann',
  claim: { statusDefault: 'busy', statusText: 'lunch', statusSource: 'internal' },
  startsAt: new Date(dueMs),
  endsAt: new Date(dueMs + MINUTE),
  timeZone: 'UTC',
  createdAt: new Date(NOW),
  next: { startsAt: new Date(dueMs), endsAt: new Date(dueMs + MINUTE) },
  dueAt: new Date(dueMs),
  ...fields,
});

/** The part of the store contract about scheduled claims. */
export function describeStoreSchedules(underTest: () => StoreUnderTest, { isDurable }: { isDurable: boolean }): void {
  describe('schedules', () => {
    let under: StoreUnderTest;
    let schedules: ScheduleStore;
    const idsOf = (found: readonly Schedule[]) => found.map(({ _id }) => _id);
    const weekly = scheduleOf('weekly', NOW + MINUTE, {
      endsAt: undefined,
      weekly: { days: ['MO', 'FR'], from: '12:00', to: '13:00' },
      timeZone: 'Europe/Berlin',
    });
    const soon = scheduleOf('soon', NOW);
    const other = scheduleOf('other', NOW, { uid: 'bob' });
    beforeEach(async () => {
      under = underTest();
      ({ schedules } = under.store);
      for (const one of [weekly, soon, other]) {
        const { endsAt, ...rest } = one;
        await schedules.add(endsAt ? { ...rest, endsAt } : rest);
      }
    });

    it('are a user’s, as they were given, what is due first first', async () => {
      expect(await schedules.of('ann')).toEqual([soon, weekly]);
      expect(await schedules.of('nobody')).toEqual([]);
    });

    it('are removed once, and only of whom they are', async () => {
      expect(await schedules.remove('bob', 'soon')).toBe(false);
      expect(await schedules.remove('ann', 'soon')).toBe(true);
      expect(await schedules.remove('ann', 'soon')).toBe(false);
      expect(idsOf(await schedules.of('ann'))).toEqual(['weekly']);
    });

    it('are taken when they are due, the oldest first, as they were given and no more than asked for', async () => {
      expect(await schedules.takeDue(NOW - 1, SECOND, 10)).toEqual([]);
      expect(await schedules.takeDue(NOW, SECOND, 1)).toEqual([other]);
      const later = NOW + 2 * MINUTE;
      expect(idsOf(await schedules.takeDue(later, SECOND, 10))).toEqual(['other', 'soon', 'weekly']);
    });

    it('are due again when whoever took them did not settle them in time', async () => {
      expect(await schedules.takeDue(NOW, SECOND, 10)).toHaveLength(2);
      expect(idsOf(await schedules.takeDue(NOW + SECOND, SECOND, 10))).toEqual(['other', 'soon']);
    });

    it('wait for what comes next once they are settled, or are over', async () => {
      const { next, dueAt } = weekly;
      const after: Schedule = { ...soon, running: soon.next, next, dueAt };
      const over = { ...other, next: undefined, dueAt: new Date(NOW + MINUTE) };
      expect(
        await schedules.settle([
          { before: soon, after },
          { before: other, after: over },
        ]),
      ).toEqual(new Set());
      expect(await schedules.takeDue(NOW, SECOND, 10)).toEqual([]);
      expect(await schedules.of('ann')).toEqual([after, weekly]);
      const due = await schedules.takeDue(NOW + MINUTE, SECOND, 10);
      expect(idsOf(due)).toEqual(['other', 'soon', 'weekly']);
      expect(due[0]!.next).toBeUndefined();
      expect(await schedules.settle([{ before: due[0]!, after: undefined }])).toEqual(new Set());
      expect(await schedules.of('bob')).toEqual([]);
      expect(await schedules.settle([])).toEqual(new Set());
    });

    it('stay removed when they are settled by somebody who took them before, and that is told', async () => {
      const [, taken] = await schedules.takeDue(NOW, SECOND, 10);
      await schedules.remove('ann', 'soon');
      const after = { ...taken!, dueAt: new Date(NOW + MINUTE) };
      const settled = [
        { before: taken!, after },
        { before: other, after: { ...other, dueAt: after.dueAt } },
      ];
      expect(await schedules.settle(settled)).toEqual(new Set(['soon']));
      expect(idsOf(await schedules.of('ann'))).toEqual(['weekly']);
    });

    if (isDurable) {
      it('are still there after a kill', async () => {
        const again = await under.afterKill();
        expect(await again.schedules.of('ann')).toEqual([soon, weekly]);
        expect(idsOf(await again.schedules.takeDue(NOW, SECOND, 10))).toEqual(['other', 'soon']);
      });
    }
  });
}
