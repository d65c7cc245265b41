import fc from 'fast-check';
import {
  afterFailure,
  askedForAgain,
  GIVE_UP_AFTER_MS,
  isWanted,
  OLD_SECRET_SIGNS_MS,
  pauseAfter,
  secretsAt,
  withSecret,
  type DeliveredChange,
  type OutboxRow,
} from '../../../domain/callbacks';
import type { Status } from '../../../domain/types';
import { callback, delivery, historyRow } from '../../helpers/callback-builders';
import { MINUTE, NOW, SECOND } from '../../helpers/presence-builders';
import { runs } from '../../helpers/property-runs';

const HOUR = 60 * MINUTE;
const FAILED = { error: 'HTTP 500' };

describe('what a callback wants to be told of', () => {
  test.each<[string[], Status[], Partial<DeliveredChange>, boolean]>([
    [[], [], {}, true],
    [['ann'], [], { uid: 'ann' }, true],
    [['ann', 'bob'], [], { uid: 'bob' }, true],
    [['ann'], [], { uid: 'bob' }, false],
    [['ann'], [], { uid: 'ann2' }, false],
    [[], ['busy'], { to: 'busy' }, true],
    [[], ['busy', 'away'], { to: 'away' }, true],
    [[], ['busy'], { from: 'busy', to: 'away' }, false],
    [['ann'], ['busy'], { uid: 'ann', to: 'busy' }, true],
    [['ann'], ['busy'], { uid: 'ann', to: 'away' }, false],
    [['ann'], ['busy'], { uid: 'bob', to: 'busy' }, false],
  ])('users %j, statuses %j: of %j %p', (uids, statuses, change, wanted) => {
    expect(isWanted({ uids, statuses }, historyRow(change))).toBe(wanted);
  });
});

describe('the pause after a failed attempt', () => {
  test.each([
    [1, 5 * SECOND],
    [2, 10 * SECOND],
    [3, 20 * SECOND],
    [9, 1280 * SECOND],
    [10, 2560 * SECOND],
    [11, HOUR],
    [12, HOUR],
    [5000, HOUR],
  ])('after attempt %i is up to %i ms', (attempts, most) => {
    expect(pauseAfter(attempts, 0)).toBe(0);
    expect(pauseAfter(attempts, 0.5)).toBe(most / 2);
    expect(pauseAfter(attempts, 1)).toBe(most);
  });
});

/** Fails until it is parked, each attempt as soon as it is due. */
function failUntilParked(randoms: () => number, retryAfterMs?: () => number | undefined): OutboxRow[] {
  const rows = [delivery('m1')];
  for (let row = rows[0]!; row.state === 'waiting'; rows.push(row)) {
    expect(rows.length).toBeLessThan(10_000);
    row = afterFailure(row, { ...FAILED, retryAfterMs: retryAfterMs?.() }, row.dueAt.getTime(), randoms());
  }
  return rows;
}

describe('a delivery that fails', () => {
  it('waits, and knows why and since when', () => {
    const once = afterFailure(delivery('m1'), FAILED, NOW, 0.5);
    const firstAttemptAt = new Date(NOW);
    const dueAt = new Date(NOW + 2.5 * SECOND);
    expect(once).toEqual(delivery('m1', { attempts: 1, firstAttemptAt, dueAt, lastError: 'HTTP 500' }));
    const twice = afterFailure(once, { error: 'ECONNREFUSED' }, NOW + 3 * SECOND, 0.5);
    expect(twice).toMatchObject({ attempts: 2, firstAttemptAt, lastError: 'ECONNREFUSED' });
    expect(twice.dueAt).toEqual(new Date(NOW + 8 * SECOND));
  });

  it('is parked by the first failure a day after the first attempt, and stays what it was', () => {
    const last = { attempts: 40, firstAttemptAt: new Date(NOW), dueAt: new Date(NOW + GIVE_UP_AFTER_MS) };
    const before = afterFailure(delivery('m1', last), FAILED, NOW + GIVE_UP_AFTER_MS - 1, 1);
    expect(before).toMatchObject({ state: 'waiting', dueAt: new Date(NOW + GIVE_UP_AFTER_MS) });
    const parkedAt = new Date(NOW + GIVE_UP_AFTER_MS);
    expect(afterFailure(delivery('m1', last), FAILED, parkedAt.getTime(), 1)).toEqual(
      delivery('m1', { ...last, attempts: 41, state: 'parked', parkedAt, lastError: 'HTTP 500' }),
    );
  });

  it('is tried for a day, neither shorter nor longer, however the dice fall and whatever the target asks for', () => {
    const random = fc.double({ min: 0.05, max: 1, noNaN: true, maxExcluded: true });
    const asked = fc.option(fc.integer({ min: 0, max: 9 * GIVE_UP_AFTER_MS }), { nil: undefined });
    fc.assert(
      fc.property(fc.infiniteStream(random), fc.infiniteStream(asked), (randoms, asks) => {
        const rows = failUntilParked(
          () => randoms.next().value as number,
          () => asks.next().value as number | undefined,
        );
        const last = rows.at(-1)!;
        expect(last.parkedAt).toEqual(new Date(NOW + GIVE_UP_AFTER_MS));
        expect(last.attempts).toBe(rows.length - 1);
        const dues = rows.slice(0, -1).map(({ dueAt }) => dueAt.getTime());
        expect(dues).toEqual([...dues].sort((a, b) => a - b));
        expect(new Set(rows.map(({ change }) => change)).size).toBe(1);
      }),
      runs(200),
    );
  });

  it('is tried 34 times at least, 11 of them in the first hour and a half', () => {
    const rows = failUntilParked(() => 1 - Number.EPSILON);
    expect(rows.at(-1)!.attempts).toBe(34);
    expect(rows.filter(({ dueAt }) => dueAt.getTime() <= NOW + 1.5 * HOUR)).toHaveLength(11);
  });

  it.each([
    [undefined, 2.5 * SECOND],
    [0, 2.5 * SECOND],
    [SECOND, 2.5 * SECOND],
    [MINUTE, MINUTE],
    [100 * GIVE_UP_AFTER_MS, GIVE_UP_AFTER_MS],
  ])('whose target asks for %p ms is due after %i', (retryAfterMs, ms) => {
    expect(afterFailure(delivery('m1'), { ...FAILED, retryAfterMs }, NOW, 0.5).dueAt).toEqual(new Date(NOW + ms));
  });

  it('is never given up later because the target asks for patience', () => {
    const firstAttemptAt = new Date(NOW - GIVE_UP_AFTER_MS + MINUTE);
    const row = delivery('m1', { firstAttemptAt, attempts: 30 });
    expect(afterFailure(row, { ...FAILED, retryAfterMs: HOUR }, NOW, 0.5).dueAt).toEqual(new Date(NOW + MINUTE));
  });

  it('has a day anew when it is asked for again', () => {
    const parked = failUntilParked(() => 0.9).at(-1)!;
    const later = NOW + 3 * GIVE_UP_AFTER_MS;
    const again = askedForAgain(parked, later);
    expect(again).toEqual(delivery('m1', { dueAt: new Date(later), lastError: 'HTTP 500' }));
    expect(afterFailure(again, FAILED, later, 0.5)).toMatchObject({ state: 'waiting', attempts: 1 });
  });
});

describe('secrets', () => {
  it('that are replaced sign for a day beside the new one', () => {
    const rotated = withSecret(callback('c1', { secret: 'a' }), 'b', NOW);
    expect(secretsAt(rotated, NOW)).toEqual(['b', 'a']);
    expect(secretsAt(rotated, NOW + OLD_SECRET_SIGNS_MS - 1)).toEqual(['b', 'a']);
    expect(secretsAt(rotated, NOW + OLD_SECRET_SIGNS_MS)).toEqual(['b']);
    const twice = withSecret(rotated, 'c', NOW + HOUR);
    expect(secretsAt(twice, NOW + HOUR)).toEqual(['c', 'b', 'a']);
    expect(secretsAt(twice, NOW + OLD_SECRET_SIGNS_MS)).toEqual(['c', 'b']);
  });

  it('are no more than eight at once, and those that are over are let go of', () => {
    let one = callback('c1', { secret: '0' });
    for (let i = 1; i <= 9; i++) one = withSecret(one, String(i), NOW + i);
    expect(secretsAt(one, NOW + 9)).toEqual(['9', '8', '7', '6', '5', '4', '3', '2']);
    expect(withSecret(one, 'x', NOW + 2 * OLD_SECRET_SIGNS_MS).oldSecrets).toHaveLength(1);
  });
});
