import type { UserRecord } from '../../domain/types';
import { STALE_AFTER_MS, UserCache } from '../../lib/reads/user-cache';
import { userRecord } from '../helpers/presence-builders';

const TTL_MS = 60_000;

let now: number;
let stored: Map<string, UserRecord>;
let asked: (readonly string[])[];
let cache: UserCache;
/** Set: the store answers only when this is called. */
let held: { hold: boolean; answer: () => void };

beforeEach(() => {
  now = 1000;
  stored = new Map(['ann', 'bob'].map((uid) => [uid, userRecord(uid, { status: 'online' })]));
  asked = [];
  held = { hold: false, answer: () => undefined };
  const usersOf = async (uids: readonly string[]) => {
    asked.push(uids);
    const found = new Map(uids.flatMap((uid) => stored.get(uid) ?? []).map((user) => [user._id, user]));
    if (held.hold) await new Promise<void>((resolve) => (held.answer = resolve));
    return found;
  };
  cache = new UserCache({ store: { usersOf }, ttlMs: TTL_MS, maxUsers: 3, clock: () => now });
});

const statusOf = async (uid: string) => (await cache.usersOf([uid])).get(uid)?.status;
const change = (uid: string, status: UserRecord['status']) => stored.set(uid, userRecord(uid, { status }));

it('asks the store for those it does not know, and for nobody twice', async () => {
  expect([...(await cache.usersOf(['ann', 'nobody'])).keys()]).toEqual(['ann']);
  expect([...(await cache.usersOf(['bob', 'ann', 'nobody'])).keys()].sort()).toEqual(['ann', 'bob']);
  expect(asked).toEqual([['ann', 'nobody'], ['bob']]);
});

it('asks again for whom it was told that he has changed, also for one who was not there', async () => {
  await cache.usersOf(['ann', 'bob', 'new']);
  change('ann', 'busy');
  change('new', 'away');
  cache.forget(['ann', 'new']);
  expect([await statusOf('ann'), await statusOf('bob'), await statusOf('new')]).toEqual(['busy', 'online', 'away']);
  expect(asked).toEqual([['ann', 'bob', 'new'], ['ann'], ['new']]);
});

it('trusts an entry for a moment; for longer while changes are heard of', async () => {
  await statusOf('ann');
  now += STALE_AFTER_MS;
  await statusOf('ann');
  expect(asked).toHaveLength(1);
  now += 10_000;
  cache.confirm(now - 5);
  await statusOf('ann');
  expect(asked).toHaveLength(1);
  now += STALE_AFTER_MS;
  await statusOf('ann');
  expect(asked).toHaveLength(2);
});

it('reads anew after its time, whatever was heard', async () => {
  await statusOf('ann');
  now += TTL_MS;
  cache.confirm(now);
  await statusOf('ann');
  expect(asked).toHaveLength(1);
  now += 1;
  await statusOf('ann');
  expect(asked).toHaveLength(2);
});

it.each(['all', ['ann']] as const)('keeps nothing that was read while it changed: %p', async (whom) => {
  held.hold = true;
  const reading = statusOf('ann');
  change('ann', 'busy');
  cache.forget(whom);
  held.answer();
  expect(await reading).toBe('online'); // asked before the change was heard of
  held.hold = false;
  expect(await statusOf('ann')).toBe('busy');
});

it('keeps no more than it may, and lets those go that are longest in it', async () => {
  for (const uid of ['a', 'b', 'c', 'd']) await statusOf(uid);
  expect(cache.size).toBe(3);
  await cache.usersOf(['d', 'c', 'b']);
  expect(asked).toHaveLength(4);
  await statusOf('a');
  expect(asked).toHaveLength(5);
});

it('tells a failed read to whoever asked, and keeps nothing of it', async () => {
  const failing = new UserCache({
    store: { usersOf: () => Promise.reject(new Error('away')) },
    ttlMs: TTL_MS,
    maxUsers: 3,
    clock: () => now,
  });
  await expect(failing.usersOf(['ann'])).rejects.toThrow('away');
  expect(failing.size).toBe(0);
});

it('is in use for a while after somebody has asked', async () => {
  expect(cache.isInUse).toBe(false);
  await statusOf('ann');
  expect(cache.isInUse).toBe(true);
  now += 10_000;
  expect(cache.isInUse).toBe(false);
});
