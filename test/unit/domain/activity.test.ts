import fc from 'fast-check';
import * as activity from '../../../domain/activity';
import { deltaOf, isSignOfLife, type Span } from '../../../domain/activity';
import { STATUSES, type Status } from '../../../domain/types';
import { runs } from '../../helpers/property-runs';

fc.configureGlobal(runs(100));

const concurrencyOf = (...asked: Parameters<typeof activity.concurrencyOf<Span>>) =>
  [...activity.concurrencyOf(...asked)].map(({ peak, average }) => ({ peak, average }));
const timeInStatus = (...asked: Parameters<typeof activity.timeInStatus<Span>>) =>
  [...activity.timeInStatus(...asked)].flatMap((counted) => (counted ? [counted[1]] : []));

const spans = (...ends: number[]): Span[] => ends.slice(1).map((endMs, i) => ({ startMs: ends[i]!, endMs }));
const nothing = { online: 0, away: 0, busy: 0, offline: 0, unknown: 0 };

describe('people there at once', () => {
  it('is counted from who comes and goes, stretch by stretch', () => {
    const flow = [
      { atMs: 10, delta: 2 },
      { atMs: 15, delta: -1 },
      { atMs: 20, delta: 3 },
      { atMs: 40, delta: -5 },
    ];
    expect(concurrencyOf(spans(10, 20, 30, 40, 50), flow, 1)).toEqual([
      { peak: 3, average: (5 * 3 + 5 * 2) / 10 },
      { peak: 5, average: 5 },
      { peak: 5, average: 5 },
      { peak: 5, average: 0 }, // they went as it began
    ]);
    expect(concurrencyOf([], flow, 1)).toEqual([]);
  });

  it('leaves out who came before the first stretch: they are there when it begins', () => {
    expect(concurrencyOf(spans(10, 20), [{ atMs: 9, delta: 7 }], 2)).toEqual([{ peak: 2, average: 2 }]);
  });

  it('is as many as can be counted one by one', () => {
    const visits = fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 50 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(visits, (all) => {
        const flow = all
          .flatMap(([atMs, length]) => [
            { atMs, delta: 1 },
            { atMs: atMs + length, delta: -1 },
          ])
          .sort((a, b) => a.atMs - b.atMs || a.delta - b.delta);
        const thereAt = (ms: number) => all.filter(([at, length]) => at <= ms && ms < at + length).length;
        const counted = concurrencyOf(spans(0, 50, 100), flow, 0);
        [0, 50].forEach((start, i) => {
          const each = Array.from({ length: 50 }, (_, ms) => thereAt(start + ms));
          expect(counted[i]!.average).toBeCloseTo(each.reduce((sum, n) => sum + n, 0) / 50, 9);
          // Who stays over the boundary is there as it begins, even if he goes with it.
          expect(counted[i]!.peak).toBeGreaterThanOrEqual(Math.max(...each));
          expect(counted[i]!.peak).toBeLessThanOrEqual(Math.max(...each, start > 0 ? thereAt(start - 1) : 0));
        });
      }),
    );
  });
});

describe('time in each status', () => {
  const row = (ms: number, to: Status) => ({ at: new Date(ms), to });

  it('is what lies between the changes, and unknown before the first', () => {
    expect(timeInStatus(spans(0, 10, 20, 30), [row(5, 'online'), row(12, 'busy')], 'unknown')).toEqual([
      { ...nothing, unknown: 5, online: 5 },
      { ...nothing, online: 2, busy: 8 },
      { ...nothing, busy: 10 },
    ]);
  });

  it('begins with the last of the changes before, and ignores those after', () => {
    expect(timeInStatus(spans(10, 20), [row(1, 'away'), row(10, 'busy'), row(20, 'offline')], 'online')).toEqual([
      { ...nothing, busy: 10 },
    ]);
  });

  it('adds up to the time asked for, whatever happened', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 120 }), fc.constantFrom(...STATUSES)));
    fc.assert(
      fc.property(rows, (all) => {
        const inOrder = all.sort(([a], [b]) => a - b).map(([ms, to]) => row(ms, to));
        for (const spent of timeInStatus(spans(20, 50, 100), inOrder, 'unknown').entries()) {
          expect(Object.values(spent[1]).reduce((sum, ms) => sum + ms, 0)).toBe([30, 50][spent[0]]);
        }
      }),
    );
  });
});

test.each<[Status | undefined, Status, number, boolean]>([
  [undefined, 'online', 1, true],
  [undefined, 'offline', 0, false],
  ['offline', 'busy', 1, true],
  ['away', 'offline', -1, true],
  ['online', 'away', 0, true],
  ['offline', 'offline', 0, false], // a text changed
])('from %p to %p counts %p, a sign of life: %p', (from, to, delta, sign) => {
  expect([deltaOf({ from, to }), isSignOfLife({ from, to })]).toEqual([delta, sign]);
});
