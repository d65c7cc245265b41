import { PartsReceived, partsOf } from '../../lib/wire/parts';

const MAX = 10_000;
const WHOLE = Buffer.from(Array.from({ length: 30_000 }, (_, i) => i % 251));
const parts = (id = 'a', sender = 'replica') => [...partsOf(WHOLE, MAX, sender, id)];
const takes = (sender: string) => sender === 'replica';
let received: PartsReceived;
beforeEach(() => (received = new PartsReceived()));
const take = (data: Buffer, nowMs = 0) => received.take(data, takes, nowMs);

it('a packet comes together of its parts, none of which is larger than the limit', () => {
  const all = parts();
  expect(Math.max(...all.map(({ length }) => length))).toBeLessThanOrEqual(MAX);
  const taken = all.map((part) => take(part));
  expect(taken.slice(0, -1).every((one) => one === 'waits')).toBe(true);
  expect((taken.at(-1) as Buffer).equals(WHOLE)).toBe(true);
});

it('what is whole is left as it is', () => {
  expect(take(WHOLE)).toBe(WHOLE);
  expect(take(Buffer.alloc(0))).toHaveLength(0);
});

it('two packets may come at once', () => {
  const [a, b] = [parts('a'), parts('b')];
  const taken = a.flatMap((part, i) => [take(part), take(b[i]!)]);
  expect(taken.filter((one) => typeof one !== 'string')).toHaveLength(2);
});

it('parts of others, out of turn, twice or without a header are dropped', () => {
  const [first, second] = parts();
  expect(take(parts('a', 'stranger')[0]!)).toBe('dropped');
  expect(take(second!)).toBe('dropped');
  expect(take(first!)).toBe('waits');
  expect(take(first!)).toBe('dropped');
  expect(take(first!.subarray(0, 5))).toBe('dropped');
  expect(take(Buffer.concat([first!.subarray(0, 4), Buffer.from([0, 2]), Buffer.from('{}')]))).toBe('dropped');
});

it('holds a number of packets at once, and lets go of those that stall', () => {
  const taken = Array.from({ length: 65 }, (_, i) => take(parts(`p${i}`)[0]!));
  expect(taken.filter((one) => one === 'waits')).toHaveLength(64);
  expect(take(parts('late')[0]!, 10_001)).toBe('waits');
  expect(take(parts('p0')[1]!, 10_001)).toBe('dropped');
});
