import type { Claim } from '../../domain/types';
import { Scheduler, type NewSchedule } from '../../lib/schedules/scheduler';
import { IN_MEMORY, EmbeddedStore } from '../../lib/store/embedded-store';

const HOUR = 3_600_000;
const MIDDAY = Date.UTC(2026, 10, 25, 12);
const lunch: NewSchedule = {
  uid: 'ann',
  claim: { statusDefault: 'busy', statusText: 'lunch', statusSource: 'internal' },
  startsMs: MIDDAY,
  endsMs: MIDDAY + HOUR,
  timeZone: 'UTC',
};
const WEEKLY = { days: ['WE'], from: '12:00', to: '13:00' } as const;
const daily = (given: Partial<NewSchedule> = {}): NewSchedule => {
  return { ...lunch, startsMs: undefined, endsMs: undefined, weekly: WEEKLY, ...given };
};

describe('the scheduler', () => {
  let nowMs = MIDDAY - HOUR;
  let made: { uid: string; claim: Claim }[];
  let ended: string[];
  let store: EmbeddedStore;
  let scheduler: Scheduler;
  let whileClaiming: () => Promise<unknown>;
  const warn = jest.fn();

  beforeEach(async () => {
    [nowMs, made, ended, whileClaiming] = [MIDDAY - HOUR, [], [], () => Promise.resolve()];
    warn.mockClear();
    store = new EmbeddedStore({ dataDir: IN_MEMORY, refreshAfterMs: 1000 });
    await store.open();
    scheduler = schedulerOn(store);
  });

  const schedulerOn = (on: EmbeddedStore) =>
    new Scheduler({
      store: on,
      clock: () => nowMs,
      claim: async (uid, claim) => {
        await whileClaiming();
        made.push({ uid, claim });
        return true;
      },
      end: async (_uid, id) => {
        ended.push(id);
        return true;
      },
      warn,
    });
  const runAt = async (ms: number) => {
    nowMs = ms;
    made = [];
    await scheduler.run();
    return made.map(({ claim }) => claim.statusExpiresAt?.toISOString());
  };

  it('makes a claim when it is time, once, with its own id and end, and forgets what is over', async () => {
    const { id, next } = await scheduler.add(lunch);
    expect(next).toEqual({ startsAt: new Date(MIDDAY), endsAt: new Date(MIDDAY + HOUR) });
    expect(await runAt(MIDDAY - 1)).toEqual([]);
    await runAt(MIDDAY);
    const statusExpiresAt = new Date(MIDDAY + HOUR);
    expect(made).toEqual([{ uid: 'ann', claim: { ...lunch.claim, statusId: id, statusExpiresAt } }]);
    expect(await scheduler.list('ann')).toMatchObject([{ id, running: next, next: undefined }]);
    expect(await runAt(MIDDAY + 1)).toEqual([]);
    expect(await runAt(MIDDAY + HOUR)).toEqual([]);
    expect(await scheduler.list('ann')).toEqual([]);
    expect(ended).toEqual([]); // by itself: its claim has an end
  });

  it('goes on from week to week until its end, and over times when nobody was there', async () => {
    await scheduler.add(daily({ endsMs: MIDDAY + 22 * 24 * HOUR }));
    const week = 7 * 24 * HOUR;
    expect(await runAt(MIDDAY)).toEqual(['2026-11-25T13:00:00.000Z']);
    // A week later nobody looks until that hour is over; the week after that until it has half gone.
    expect(await runAt(MIDDAY + week + HOUR)).toEqual([]);
    expect(await runAt(MIDDAY + 2 * week + HOUR / 2)).toEqual(['2026-12-09T13:00:00.000Z']);
    expect(await runAt(MIDDAY + 3 * week)).toEqual(['2026-12-16T13:00:00.000Z']);
    expect(await scheduler.list('ann')).toHaveLength(1);
    expect(await runAt(MIDDAY + 4 * week)).toEqual([]);
    expect(await scheduler.list('ann')).toEqual([]);
  });

  it('starts at once what should have started already', async () => {
    nowMs = MIDDAY + HOUR / 2;
    await scheduler.add(lunch);
    expect(await runAt(nowMs)).toEqual(['2026-11-25T13:00:00.000Z']);
  });

  it('tries again when a claim could not be made', async () => {
    await scheduler.add(lunch);
    whileClaiming = () => Promise.reject(new Error('store is gone'));
    expect(await runAt(MIDDAY)).toEqual([]);
    expect(warn).toHaveBeenCalledTimes(1);
    whileClaiming = () => Promise.resolve();
    expect(await runAt(MIDDAY + 500)).toEqual(['2026-11-25T13:00:00.000Z']);
  });

  it('takes all that is due, however many', async () => {
    for (let i = 0; i < 1100; i++) await scheduler.add({ ...lunch, uid: `user-${i}` });
    expect(await runAt(MIDDAY)).toHaveLength(1100);
    expect(await runAt(MIDDAY + 1)).toEqual([]);
  });

  it('ends the claim of what is cancelled, also of what is cancelled while its claim is being made', async () => {
    const first = await scheduler.add(lunch);
    expect(await scheduler.cancel('bob', first.id)).toBe(false);
    expect(ended).toEqual([]);
    expect(await scheduler.cancel('ann', first.id)).toBe(true);
    expect(ended).toEqual([first.id]);
    const second = await scheduler.add(lunch);
    whileClaiming = () => scheduler.cancel('ann', second.id);
    expect(await runAt(MIDDAY)).toHaveLength(1);
    // Once too early, when it was cancelled, and once after its claim was made.
    expect(ended).toEqual([first.id, second.id, second.id]);
    expect(await scheduler.list('ann')).toEqual([]);
  });

  it.each<[string, NewSchedule]>([
    ['is over', { ...lunch, startsMs: MIDDAY - 3 * HOUR, endsMs: MIDDAY - HOUR }],
    ['ends before its first hours', daily({ endsMs: MIDDAY })],
  ])('refuses what %s', async (_name, given) => {
    await expect(scheduler.add(given)).rejects.toMatchObject({ type: 'INVALID_ARGUMENT', data: { field: 'endsAt' } });
    expect(await scheduler.list('ann')).toEqual([]);
  });

  it('refuses users that a database of Rocket.Chat’s does not have, and more than anybody needs', async () => {
    const theirs = new Proxy(store, {
      get: (target, key) => (key === 'createsUsers' ? false : (Reflect.get(target, key) as unknown)),
    });
    await expect(schedulerOn(theirs).add(lunch)).rejects.toMatchObject({ type: 'UNKNOWN_USER' });
    for (let i = 0; i < 200; i++) await scheduler.add(lunch);
    await expect(scheduler.add(lunch)).rejects.toMatchObject({ type: 'TOO_MANY_SCHEDULES' });
    await scheduler.add({ ...lunch, uid: 'bob' });
  });

  it('takes no more of one user than that when they come at once, and does not let others wait for it', async () => {
    let isOpen: () => void = () => undefined;
    const open = new Promise<void>((resolve) => (isOpen = resolve));
    const of = store.schedules.of.bind(store.schedules);
    jest.spyOn(store.schedules, 'of').mockImplementation(async (uid) => {
      if (uid === 'ann') await open;
      return of(uid);
    });
    const added = Promise.allSettled(Array.from({ length: 300 }, () => scheduler.add(lunch)));
    await scheduler.add({ ...lunch, uid: 'bob' });
    isOpen();
    expect((await added).filter(({ status }) => status === 'fulfilled').length).toBe(200);
    expect(await scheduler.list('ann')).toHaveLength(200);
  });
});
