import { MAX_KEYS, RateLimit } from '../../../lib/http/rate-limit';

let nowMs = 0;
const upMs = () => nowMs;
beforeEach(() => (nowMs = 1_000));

test('a key has its limit in each minute from its first on', () => {
  const limit = new RateLimit({ limit: 2, upMs });
  expect(limit.isUsedUp('a')).toBeUndefined();
  expect(limit.count('a')).toEqual({ limit: 2, remaining: 1, resetS: 60, isOver: false });
  nowMs += 30_500;
  expect(limit.count('a')).toEqual({ limit: 2, remaining: 0, resetS: 30, isOver: false });
  expect(limit.isUsedUp('a')).toMatchObject({ resetS: 30, isOver: true });
  expect(limit.count('a')).toMatchObject({ remaining: 0, isOver: true });
  expect([limit.left('a'), limit.left('b')]).toEqual([0, 2]);
  expect(limit.count('b')).toMatchObject({ remaining: 1, isOver: false });
  nowMs += 29_500;
  expect([limit.isUsedUp('a'), limit.left('a')]).toEqual([undefined, 2]);
  expect(limit.count('a')).toMatchObject({ remaining: 1, resetS: 60 });
});

test('0 limits nothing and remembers nothing', () => {
  const limit = new RateLimit({ limit: 0, upMs });
  for (let i = 0; i < 10; i++) expect(limit.count(`k${i}`)).toBeUndefined();
  expect([limit.isUsedUp('k1'), limit.left('k1'), limit.size]).toEqual([undefined, Infinity, 0]);
});

test('keys are forgotten when their minute is over, and never more are remembered than decision 0012 says', () => {
  const limit = new RateLimit({ limit: 5, upMs });
  for (let i = 0; i < 2 * MAX_KEYS; i++) limit.count(`k${i}`);
  expect([MAX_KEYS, limit.size]).toEqual([50_000, 50_000]);
  expect(limit.left(`k${2 * MAX_KEYS - 1}`)).toBe(4);
  nowMs += 60_000;
  limit.count('another');
  expect(limit.size).toBe(1);
});

test.each(['__proto__', 'constructor', ''])('the key %p is one like any other', (key) => {
  const limit = new RateLimit({ limit: 1, upMs });
  expect([limit.left(key), limit.count(key)?.isOver, limit.count(key)?.isOver]).toEqual([1, false, true]);
});
