import type { Status } from '../../domain/types';
import type { Period } from '../../lib/calendar';
import type { HistoryStore, TimeRange } from '../../lib/store/history-port';
import { MINUTE, NOW } from './presence-builders';
import { historyRowOf } from './store-contract-history';
import type { StoreUnderTest } from './store-contract-queries';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ALWAYS = { fromMs: 0, toMs: NOW + 999 * DAY };

/** The part of the store contract about what is summed over the history. NOW is a midnight of UTC, a Sunday. */
export function describeStoreActivity(underTest: () => StoreUnderTest): void {
  describe('activity', () => {
    let history: HistoryStore;
    let rev = 0;
    const change = (uid: string, atMs: number, from: Status | undefined, to: Status) =>
      historyRowOf(uid, atMs, { rev: (rev += 1), from, to });
    beforeEach(async () => {
      ({ history } = underTest().store);
      await history.append([
        change('ann', NOW + HOUR, undefined, 'online'),
        change('ann', NOW + 2 * HOUR, 'online', 'busy'),
        change('bob', NOW + 23 * HOUR, 'offline', 'away'),
        change('ann', NOW + DAY - MINUTE, 'busy', 'offline'),
        change('cleo', NOW + DAY, 'offline', 'online'),
        change('ann', NOW + DAY + HOUR, 'offline', 'offline'), // a text: not a sign of life
        change('bob', NOW + 40 * DAY, 'away', 'offline'),
      ]);
    });
    const active = async (range: TimeRange, period: Period, timeZone: string) =>
      Object.fromEntries((await history.activeUsers(range, timeZone))[period]);

    it('counts each user once in a day, a week and a month', async () => {
      expect(await active(ALWAYS, 'day', 'UTC')).toEqual({ '2040-01-01': 2, '2040-01-02': 1, '2040-02-10': 1 });
      expect(await active(ALWAYS, 'week', 'UTC')).toEqual({ '2039-W52': 2, '2040-W01': 1, '2040-W06': 1 });
      expect(await active(ALWAYS, 'month', 'UTC')).toEqual({ '2040-01': 3, '2040-02': 1 });
    });

    it('goes by the calendar of the time zone', async () => {
      expect(await active(ALWAYS, 'day', 'America/New_York')).toEqual({
        '2039-12-31': 1, // of Ann at 20:00
        '2040-01-01': 3,
        '2040-02-09': 1,
      });
      expect(await active(ALWAYS, 'month', 'America/New_York')).toEqual({ '2039-12': 1, '2040-01': 3, '2040-02': 1 });
    });

    it('looks at nothing but the time asked for', async () => {
      const range = { fromMs: NOW + 2 * HOUR, toMs: NOW + DAY - MINUTE };
      expect(await active(range, 'day', 'UTC')).toEqual({ '2040-01-01': 2 });
      expect(await active({ fromMs: NOW - DAY, toMs: NOW }, 'day', 'UTC')).toEqual({});
      expect(await history.flow(range, MINUTE)).toEqual([{ atMs: NOW + 23 * HOUR, delta: 1 }]);
    });

    it('sums who comes and goes over each stretch of time', async () => {
      expect(await history.flow(ALWAYS, MINUTE)).toEqual([
        { atMs: NOW + HOUR, delta: 1 },
        { atMs: NOW + 23 * HOUR, delta: 1 },
        { atMs: NOW + DAY - MINUTE, delta: -1 },
        { atMs: NOW + DAY, delta: 1 },
        { atMs: NOW + 40 * DAY, delta: -1 },
      ]);
      expect(await history.flow(ALWAYS, DAY)).toEqual([
        { atMs: NOW, delta: 1 },
        { atMs: NOW + DAY, delta: 1 },
        { atMs: NOW + 40 * DAY, delta: -1 },
      ]);
    });
  });
}
