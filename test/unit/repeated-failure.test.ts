import { RepeatedFailure } from '../../lib/repeated-failure';
import { PresenceError } from '../../lib/wire/errors';

test('the same failure is news once a minute, another one and one after a success at once', () => {
  const repeated = new RepeatedFailure();
  const [first, second] = [new Error('first'), new Error('second')];
  expect(repeated.isNews(first, 0)).toBe(true);
  expect(repeated.isNews(first, 59_999)).toBe(false);
  expect(repeated.isNews(first, 60_000)).toBe(true);
  expect(repeated.isNews(second, 60_001)).toBe(true);
  repeated.ended();
  expect(repeated.isNews(second, 60_002)).toBe(true);
});

test('that the store is away is none: its own line says so', () => {
  expect(new RepeatedFailure().isNews(new PresenceError('STORE_UNAVAILABLE', 'no answer'), 0)).toBe(false);
});
