import fc from 'fast-check';
import { ChangeRing } from '../../../lib/feed/change-ring';
import { LastTold } from '../../../lib/feed/last-told';
import { runs } from '../../helpers/property-runs';

fc.configureGlobal(runs(100));

test('numbers grow by one, and of each user the newest change is told', () => {
  const ring = new ChangeRing(10);
  expect([ring.add('ann', 'a1'), ring.add('bob', 'b1'), ring.add('ann', 'a2')].map(({ seq }) => seq)).toEqual([
    1, 2, 3,
  ]);
  expect(ring.since(0)!.map(({ json }) => json)).toEqual(['b1', 'a2']);
  expect(ring.since(2)!.map(({ json }) => json)).toEqual(['a2']);
  expect(ring.since(3)).toEqual([]);
});

test('what it cannot know it does not tell', () => {
  const ring = new ChangeRing(3);
  for (const uid of ['a', 'b', 'c', 'd']) ring.add(uid, uid);
  expect(ring.since(0)).toBeUndefined();
  expect(ring.since(1)!.map(({ uid }) => uid)).toEqual(['b', 'c', 'd']);
  for (const never of [5, -1, 1.5, NaN, Infinity]) expect(ring.since(never)).toBeUndefined();
  ring.clear();
  expect([ring.seq, ring.since(0), ring.latest('d')]).toEqual([0, [], undefined]);
});

test('as a list of all changes would tell', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 40 }),
      (size, uids) => {
        const ring = new ChangeRing(size);
        const all = uids.map((uid, i) => ring.add(uid, `${uid}${i}`));
        for (let since = 0; since <= all.length; since++) {
          const later = all.slice(since);
          const newest = later.filter(({ uid, seq }) => !later.some((one) => one.uid === uid && one.seq > seq));
          expect(ring.since(since)).toEqual(later.length > size ? undefined : newest);
        }
        const kept = all.slice(-size);
        for (const uid of 'abcdef') expect(ring.latest(uid)).toBe(kept.filter((one) => one.uid === uid).at(-1));
      },
    ),
  );
});

describe('what subscribers know', () => {
  test('nobody is told what he was told', () => {
    const told = new LastTold(10);
    expect(told.change('ann', 'busy')).toMatchObject({ seq: 1 });
    expect(told.change('ann', 'busy')).toBeUndefined();
    expect(told.show('ann', 'busy')).toBe(false);
    expect(told.change('ann', 'busy')).toBeUndefined();
  });

  test('a snapshot that shows one of whom nothing was told says nothing of what others know', () => {
    const told = new LastTold(10);
    expect(told.show('ann', 'online')).toBe(false);
    // Others had a snapshot when she was not there.
    expect(told.change('ann', 'online')).toMatchObject({ seq: 1 });
  });

  test('one of whom a snapshot showed something else is told to all, though he is as he was', () => {
    const told = new LastTold(10);
    told.change('ann', 'online');
    expect(told.show('ann', 'busy')).toBe(true);
    expect(told.change('ann', 'online')).toMatchObject({ seq: 2, json: 'online' });
    expect(told.change('ann', 'online')).toBeUndefined();
  });

  test('once something is forgotten a snapshot says nothing of what others know', () => {
    const told = new LastTold(2);
    for (const uid of ['ann', 'bob', 'carl']) told.change(uid, 'online');
    told.show('ann', 'busy'); // others were told online
    expect(told.change('ann', 'busy')).toBeDefined();
  });
});
