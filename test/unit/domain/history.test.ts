import fc from 'fast-check';
import { historyRow, isAskedFor, timeKey, timeOfKey } from '../../../domain/history';
import { decide } from '../../../domain/presence';
import { MINUTE, NOW, session, userRecord } from '../../helpers/presence-builders';
import { runs } from '../../helpers/property-runs';

fc.configureGlobal(runs(100));

describe('the row of a change', () => {
  it('says who changed from what to what, when, why, and by which revision', () => {
    const user = userRecord('ann', { status: 'online', statusConnection: 'online', presenceRev: 7 });
    const claim = { statusDefault: 'busy', statusText: 'in a meeting', statusSource: 'manual' } as const;
    const { before, after } = decide(user, [session('s')], [{ kind: 'setActive', claim }], undefined, NOW, 'claim');
    const { _id, ...row } = historyRow(before, after);
    expect(row).toEqual({
      uid: 'ann',
      rev: 8,
      at: new Date(NOW),
      from: 'online',
      to: 'busy',
      text: 'in a meeting',
      source: 'manual',
      cause: 'claim',
    });
    expect(historyRow(before, after)._id).toBe(_id);
  });

  it('has no status before for a user never seen, and no text or source where there is none', () => {
    const user = userRecord('ann', { statusText: '' });
    const { before, after } = decide(user, [session('s')], [], undefined, NOW, 'connection');
    expect(historyRow(before, after)).toMatchObject({
      from: undefined,
      to: 'online',
      text: undefined,
      source: undefined,
      cause: 'connection',
    });
  });

  it('is never dated before the last change of the same user: clocks of replicas differ', () => {
    const presenceChange = { cause: 'claim', at: new Date(NOW + MINUTE) } as const;
    const user = userRecord('ann', { status: 'busy', presenceRev: 3, presenceChange });
    const { before, after } = decide(user, [session('s')], [], undefined, NOW, 'reconcile');
    expect(historyRow(before, after).at).toEqual(new Date(NOW + MINUTE));
  });
});

describe('the id of a row', () => {
  const rowAt = (ms: number, presenceRev: number, uid = 'ann') =>
    historyRow(userRecord(uid, { status: 'offline', presenceRev: presenceRev - 1 }), {
      ...userRecord(uid, { status: 'online', presenceRev }),
      presenceChange: { cause: 'connection', from: 'offline', at: new Date(ms) },
    });

  it('sorts by time, and the changes of one user at one time by revision', () => {
    const times = fc.integer({ min: 0, max: Date.UTC(2500, 0) });
    const revs = fc.integer({ min: 1, max: 2 ** 31 });
    fc.assert(
      fc.property(times, times, revs, revs, (a, b, revA, revB) => {
        const isBefore = a === b ? revA < revB : a < b;
        expect(rowAt(a, revA)._id < rowAt(b, revB)._id).toBe(isBefore);
      }),
    );
  });

  it('is at or after the key of each time up to its own, and before the others', () => {
    const times = fc.integer({ min: 0, max: Date.UTC(2500, 0) });
    fc.assert(fc.property(times, times, (at, time) => expect(rowAt(at, 1)._id >= timeKey(time)).toBe(at >= time)));
  });
});

test('the time of a row can be read from its id, and of what is no id is none', () => {
  for (const ms of [0, 1, NOW]) expect(timeOfKey(timeKey(ms) + ':ann:00000001')).toBe(ms);
  expect(timeOfKey('~')).toBe(0);
});

describe('which rows are asked for', () => {
  const row = historyRow(userRecord('ann', { status: 'online' }), {
    ...userRecord('ann', { status: 'busy', presenceRev: 1 }),
    presenceChange: { cause: 'claim', from: 'online', at: new Date(NOW) },
  });
  it.each([
    [{}, true],
    [{ uid: 'ann' }, true],
    [{ uid: 'bob' }, false],
    [{ fromMs: NOW }, true],
    [{ fromMs: NOW + 1 }, false],
    [{ toMs: NOW + 1 }, true],
    [{ toMs: NOW }, false],
    [{ causes: ['lease', 'claim'] as const }, true],
    [{ causes: ['lease'] as const }, false],
    [{ statuses: ['busy'] as const }, true],
    [{ statuses: ['online'] as const }, false], // what is shown since, not before
    [{ uid: 'ann', fromMs: NOW, causes: ['lease'] as const }, false],
  ])('%p: %p', (filter, expected) => expect(isAskedFor(row, filter)).toBe(expected));
});
