import type { PresenceChange } from '../../lib/engine';
import { Untold } from '../../lib/untold';

const change = (_id: string, from: number, to: number): PresenceChange => ({
  before: { _id, presenceRev: from },
  after: { _id, presenceRev: to },
});

it('holds one change a user, from what was last told to what is now', () => {
  const untold = new Untold();
  for (const [uid, from] of [
    ['ann', 1],
    ['bob', 7],
    ['ann', 2],
  ] as const)
    untold.hold(change(uid, from, from + 1));
  expect(untold.size).toBe(2);
  expect(untold.takeAll()).toEqual([change('ann', 1, 3), change('bob', 7, 8)]);
  expect(untold.takeAll()).toEqual([]);
});

it('gives what is held of one user, once', () => {
  const untold = new Untold();
  untold.hold(change('ann', 1, 2));
  expect(untold.take('bob')).toEqual([]);
  expect(untold.take('ann')).toEqual([change('ann', 1, 2)]);
  expect(untold.take('ann')).toEqual([]);
});
