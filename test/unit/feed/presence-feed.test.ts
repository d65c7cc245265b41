import type { FeedChange } from '../../../lib/feed/change-ring';
import { PresenceFeed } from '../../../lib/feed/presence-feed';
import { FakeUsers } from '../../helpers/feed-fixture';

let users: FakeUsers;
let feed: PresenceFeed;
let told: FeedChange[][];
let lost: number;
let lags: number[];
let warnings: string[];
let leave: () => void;

const listener = { changed: (changes: readonly FeedChange[]) => void told.push([...changes]), lost: () => (lost += 1) };
const tick = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const statuses = () =>
  told.map((changes) => changes.map(({ json }) => (JSON.parse(json) as { status: string }).status));

beforeEach(() => {
  jest.useFakeTimers();
  users = new FakeUsers();
  [told, lost, lags, warnings] = [[], 0, [], []];
  const warn = (message: string) => void warnings.push(message);
  feed = new PresenceFeed({ source: users.source, kept: 10, onLag: (ms) => lags.push(ms), warn });
  leave = feed.subscribe(listener);
});
afterEach(() => {
  feed.stop();
  jest.useRealTimers();
});

function change(uid: string, status: 'online' | 'busy' | 'offline'): void {
  users.write(uid, { status });
  feed.mark([uid]);
}

test('the first change after a quiet time is told at once, later ones every 50 ms, each user once and as he is then', async () => {
  change('ann', 'online');
  await tick(0);
  expect(statuses()).toEqual([['online']]);
  change('ann', 'busy');
  change('bob', 'online');
  change('ann', 'offline');
  await tick(49);
  expect(statuses()).toHaveLength(1);
  await tick(1);
  expect(statuses()).toEqual([['online'], ['offline', 'online']]);
  expect(users.asked).toEqual([['ann'], ['ann', 'bob']]);
  expect(told.flat().map(({ seq }) => seq)).toEqual([1, 2, 3]);
  await tick(50);
  change('bob', 'busy');
  await tick(0);
  expect(statuses().at(-1)).toEqual(['busy']);
  expect(lags).toEqual([0, 50, 0]);
});

test('who has not changed is not told', async () => {
  change('ann', 'online');
  await tick(50);
  feed.mark(['ann']);
  await tick(50);
  expect(users.asked).toHaveLength(2);
  expect(told).toHaveLength(1);
});

test('one who came between two snapshots is told, though the second shows him already', async () => {
  expect(await feed.present(undefined, 10)).toEqual({ users: [] });
  users.write('ann', { status: 'online' });
  await feed.read(['ann']);
  feed.mark(['ann']);
  await tick(50);
  expect(statuses()).toEqual([['online']]);
});

test('one who is gone is told', async () => {
  change('ann', 'online');
  await tick(50);
  users.stored.delete('ann');
  feed.mark(['ann']);
  await tick(50);
  expect(statuses()).toEqual([['online'], ['unknown']]);
});

test('while the store is away nothing is forgotten', async () => {
  users.isAway = true;
  change('ann', 'online');
  await tick(400);
  change('bob', 'busy');
  await tick(400);
  expect([told, warnings.length > 0]).toEqual([[], true]);
  users.isAway = false;
  await tick(600);
  expect(statuses()).toEqual([['online', 'busy']]);
  expect(lags[0]).toBeGreaterThanOrEqual(800);
});

test('a change while the store answers is read anew', async () => {
  users.delays = [0, 30];
  change('ann', 'online');
  await tick(10);
  change('ann', 'busy');
  await tick(100);
  expect(statuses()).toEqual([['online'], ['busy']]);
});

test('a subscriber can be told what he has missed, as long as it is kept and the epoch is the same', async () => {
  const before = feed.position;
  change('ann', 'online');
  change('bob', 'busy');
  await tick(50);
  expect(feed.since(before)!.map(({ uid }) => uid)).toEqual(['ann', 'bob']);
  expect(feed.since(feed.position)).toEqual([]);
  for (const never of ['', 'x', '.1', `${feed.epoch}.`, `${feed.epoch}.x`, `${feed.epoch}.3`, `${feed.epoch}.-1`]) {
    expect(feed.since(never)).toBeUndefined();
  }
  const other = new PresenceFeed({ source: users.source });
  expect(other.since(feed.position)).toBeUndefined();
  feed.lost();
  expect([lost, feed.since(before)]).toEqual([1, undefined]);
  expect(feed.position).toBe(`${feed.epoch}.0`);
});

test('what was being read when changes were lost is read anew', async () => {
  users.delays = [0, 30];
  change('ann', 'online');
  await tick(10);
  users.write('ann', { status: 'busy' }); // and nobody says so
  feed.lost();
  await tick(200);
  expect(statuses()).toEqual([['busy']]);
});

test('without subscribers changes are kept for a while; then nothing is read, and positions count no more', async () => {
  const before = feed.position;
  leave();
  change('ann', 'online');
  await tick(60_000);
  expect(feed.since(before)).toHaveLength(1);
  const [position, reads] = [feed.position, users.asked.length];
  await tick(300_000);
  expect(feed.isAwake).toBe(false);
  change('ann', 'busy');
  await tick(60_000);
  expect(users.asked).toHaveLength(reads);
  expect(feed.since(position)).toBeUndefined();
  feed.subscribe(listener);
  expect(feed.position).not.toBe(position);
  expect(feed.since(position)).toBeUndefined();
  change('ann', 'offline');
  await tick(50);
  expect(statuses()).toEqual([['offline']]);
});

test('of very many marks a flush reads a part, and the next one the rest', async () => {
  const uids = Array.from({ length: 6_000 }, (_, i) => `u${i}`);
  for (const uid of uids) users.write(uid, { status: 'online' });
  feed.mark(uids);
  await tick(0);
  expect(told.flat()).toHaveLength(5_000);
  await tick(50);
  expect(told.flat().map(({ uid }) => uid)).toEqual(uids);
});
