import type { Status } from '../../domain/types';
import { MINUTE_MS, type DatedDigest } from '../../domain/day-digest';
import { breather } from '../../lib/breather';
import { ActiveTally } from '../../lib/history/active-users';
import type { Period } from '../../lib/schedules/calendar';
import { countRows, digestsOf, keepDigests } from '../../lib/history/history-days';
import type { HistoryStore, TimeRange } from '../../lib/store/history-port';
import { MINUTE, NOW } from './presence-builders';
import { historyRowOf } from './store-contract-history';
import type { StoreUnderTest } from './store-contract-queries';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ALWAYS = { fromMs: 0, toMs: NOW + 999 * DAY };
/** Long after everything: all days are over but the first and the last, of which there is no whole one. */
const LATER = NOW + 400 * DAY;

/** The part of the store contract about what is counted of the history. NOW is a midnight of UTC, a Sunday. */
export function describeStoreActivity(underTest: () => StoreUnderTest, { isDurable }: { isDurable: boolean }): void {
  describe('activity', () => {
    let under: StoreUnderTest;
    let history: HistoryStore;
    let rev = 0;
    const change = (uid: string, atMs: number, from: Status | undefined, to: Status) =>
      historyRowOf(uid, atMs, { rev: (rev += 1), from, to });
    const rows = [
      change('zoe', NOW - DAY - HOUR, undefined, 'offline'), // the history begins: no sign of life
      change('ann', NOW + HOUR, undefined, 'online'),
      change('ann', NOW + 2 * HOUR, 'online', 'busy'),
      change('bob', NOW + 23 * HOUR, 'offline', 'away'),
      change('ann', NOW + DAY - MINUTE, 'busy', 'offline'),
      change('cleo', NOW + DAY, 'offline', 'online'),
      change('ann', NOW + DAY + HOUR, 'offline', 'offline'), // a text: not a sign of life
      change('bob', NOW + 40 * DAY, 'away', 'offline'),
    ];
    beforeEach(async () => {
      under = underTest();
      ({ history } = under.store);
      await history.append(rows, NOW);
    });
    const digests = async (range: TimeRange = ALWAYS, nowMs = NOW, of = history) => {
      const found: DatedDigest[] = [];
      for await (const dated of digestsOf(of, range, nowMs)) if (dated.digest.rows > 0) found.push(dated);
      return found;
    };
    const kept = async (of = history) => {
      const days: number[] = [];
      for await (const { dayMs } of of.keptDigests({ fromMs: NOW - 9 * DAY, toMs: NOW + 99 * DAY })) days.push(dayMs);
      return days.map((dayMs) => (dayMs - NOW) / DAY);
    };
    const active = async (range: TimeRange, period: Period, timeZone: string) => {
      const tally = new ActiveTally(timeZone);
      for (const dated of await digests(range)) await tally.add(dated, breather());
      return Object.fromEntries(tally.counts[period]);
    };
    const flow = async (range?: TimeRange) =>
      (await digests(range)).flatMap(({ dayMs, digest }) =>
        digest.flow.map(([minute, delta]) => [(dayMs - NOW) / MINUTE + minute, delta]),
      );

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
      expect(await flow(range)).toEqual([[23 * 60, 1]]);
    });

    it('tells who comes and goes by the minute', async () => {
      expect(await flow()).toEqual([
        [60, 1],
        [23 * 60, 1],
        [DAY / MINUTE_MS - 1, -1],
        [DAY / MINUTE_MS, 1],
        [(40 * DAY) / MINUTE_MS, -1],
      ]);
    });

    it('keeps the count of each day that is over, and answers the same from it', async () => {
      const before = await digests();
      expect(await kept()).toEqual([]);
      expect(await keepDigests(history, NOW + 2 * DAY + 30 * MINUTE)).toBe(2); // the day before, and the first
      expect(await kept()).toEqual([-1, 0]);
      expect(await keepDigests(history, LATER)).toBe(39);
      expect(await keepDigests(history, LATER)).toBe(0);
      const count = jest.spyOn(history, 'digest');
      const inOrder = ({ digest, dayMs }: DatedDigest) => ({
        ...digest,
        dayMs,
        active: [...digest.active].sort(),
        counts: [...digest.counts].sort(),
      });
      expect((await digests(ALWAYS, LATER)).map(inOrder)).toEqual(before.map(inOrder));
      expect(count).toHaveBeenCalledTimes(2); // the first and the last day
    });

    it('counts rows of days that are over once', async () => {
      await keepDigests(history, LATER);
      const count = jest.spyOn(history, 'count');
      expect(await countRows(history, {})).toBe(8);
      expect(await countRows(history, { statuses: ['offline'], fromMs: NOW - DAY })).toBe(3);
      expect(await countRows(history, { causes: ['lease'] })).toBe(0);
      expect(await countRows(history, { fromMs: NOW + DAY, toMs: NOW + DAY + MINUTE })).toBe(1);
      expect(count.mock.calls.filter(([{ fromMs = 0, toMs = 0 }]) => toMs - fromMs >= DAY)).toEqual([]);
      expect(await countRows(history, { uid: 'ann' })).toBe(4);
    });

    it('counts a day anew when a row of it comes late, or goes', async () => {
      await keepDigests(history, LATER);
      await history.append([change('dan', NOW + 3 * HOUR, 'offline', 'online')], LATER);
      expect(await kept()).not.toContain(0);
      expect(await countRows(history, {})).toBe(9);
      await keepDigests(history, LATER);
      expect(await kept()).toContain(0);
      expect(await history.erase('ann')).toBe(4);
      const left = await kept();
      expect([left.includes(-1), left.includes(0), left.includes(1), left.includes(2)]).toEqual([
        true,
        false,
        false,
        true,
      ]);
      expect(JSON.stringify(await digests(ALWAYS, LATER))).not.toContain('ann');
      expect(await countRows(history, {})).toBe(5);
    });

    it('keeps no count that is not of the rows that are there', async () => {
      const first = (await digests())[1]!;
      expect(first.dayMs).toBe(NOW);
      await history.append([change('dan', NOW + 3 * HOUR, 'offline', 'online')], NOW);
      await history.keepDigest(first);
      expect(await kept()).toEqual([]);
    });

    if (isDurable) {
      it('has the counts of days after a kill', async () => {
        await keepDigests(history, LATER);
        const next = await under.afterKill();
        expect(await kept(next.history)).toHaveLength(41);
        const count = jest.spyOn(next.history, 'digest');
        expect(await digests({ fromMs: NOW, toMs: NOW + 30 * DAY }, LATER, next.history)).toHaveLength(2);
        expect(count).not.toHaveBeenCalled();
      });
    }
  });
}
