import { paceOf, Reconciler } from '../../lib/desk/reconciler';
import { eventually } from '../helpers/eventually';

const UIDS = Array.from({ length: 10 }, (_, i) => `u${i}`);
const WALK_EVERY_MS = 1000;

/** Walks through ten users, of whom some are wrong until they are decided again. */
function fixture({ sliceSize = 2, wrong = [] as string[], giveWay = (): boolean => false } = {}) {
  const decided: string[] = [];
  const time = { ms: 0 };
  let repairs = 0;
  const reconciler = new Reconciler({
    store: {
      async *slicesToVerify(size: number) {
        for (let i = 0; i < UIDS.length; i += size) yield UIDS.slice(i, i + size);
      },
    },
    recompute: async (uid) => {
      decided.push(uid);
      if (wrong.includes(uid)) repairs += 1;
      wrong = wrong.filter((one) => one !== uid);
    },
    repairs: () => repairs,
    sliceSize,
    walkEveryMs: WALK_EVERY_MS,
    clock: () => time.ms,
    giveWay,
  });
  return { reconciler, decided, time };
}

describe('steps of the reconciler', () => {
  it('go on where the last one ended, and begin again after the end', async () => {
    const { reconciler, decided } = fixture();
    expect(await reconciler.step(2)).toBe(4);
    expect(decided).toEqual(UIDS.slice(0, 4));
    expect(await reconciler.step(2)).toBe(4);
    expect(await reconciler.step(2)).toBe(2);
    expect(decided).toEqual(UIDS);
    expect(await reconciler.step(2)).toBe(4);
  });

  it('leave the rest to the next one while somebody waits for other jobs, but never come to a halt', async () => {
    const jobs = { running: false };
    const { reconciler, decided } = fixture({ sliceSize: 1, giveWay: () => jobs.running });
    expect(await reconciler.step(5)).toBe(5);
    jobs.running = true;
    expect(await reconciler.step(5)).toBe(2);
    expect(await reconciler.step(5)).toBe(2);
    jobs.running = false;
    expect(await reconciler.step(5)).toBe(1);
    expect(decided).toEqual(UIDS);
  });

  it('never run two at once: who asks meanwhile gets the one that runs', async () => {
    const { reconciler, decided } = fixture();
    expect(await Promise.all([reconciler.step(2), reconciler.step(2)])).toEqual([4, 4]);
    expect(decided).toHaveLength(4);
  });

  it('can be made again after one that failed', async () => {
    let broken = true;
    const reconciler = new Reconciler({
      store: {
        async *slicesToVerify() {
          yield ['u1'];
        },
      },
      recompute: async () => {
        if (broken) throw new Error('away');
      },
      repairs: () => 0,
      sliceSize: 2,
      walkEveryMs: WALK_EVERY_MS,
      clock: () => 0,
    });
    await expect(reconciler.step(1)).rejects.toThrow('away');
    broken = false;
    await eventually(async () => expect(await reconciler.step(1)).toBe(1));
  });
});

describe('portions of the walk', () => {
  it('cut slices, and go on across them', async () => {
    const { reconciler, decided } = fixture({ sliceSize: 4 });
    expect(await reconciler.portion(3)).toBe(3);
    expect(decided).toEqual(UIDS.slice(0, 3));
    expect(await reconciler.portion(3)).toBe(3);
    expect(decided).toEqual(UIDS.slice(0, 6));
  });

  it('are of nobody between the end of a walk and the time of the next', async () => {
    const { reconciler, decided, time } = fixture();
    for (const count of [6, 4, 0]) expect(await reconciler.portion(6)).toBe(count);
    time.ms = WALK_EVERY_MS - 1;
    expect(await reconciler.portion(6)).toBe(0);
    time.ms = WALK_EVERY_MS;
    expect(await reconciler.portion(6)).toBe(6);
    expect(decided).toEqual([...UIDS, ...UIDS.slice(0, 6)]);
  });

  it('go on behind a step, and a step behind them', async () => {
    const { reconciler, decided } = fixture();
    await reconciler.portion(1);
    await reconciler.step(2);
    await reconciler.portion(3);
    expect(decided).toEqual(UIDS.slice(0, 8));
  });

  it('are smaller while somebody waits for other jobs, but never empty', async () => {
    const { reconciler } = fixture({ giveWay: () => true });
    for (const [users, count] of [
      [10, 2],
      [1, 1],
    ] as const)
      expect(await reconciler.portion(users)).toBe(count);
  });

  it.each([
    { what: 'the defaults', users: 5120, intervalMs: 5000, everyMs: 62.5, portion: 64 },
    { what: 'a short interval', users: 5120, intervalMs: 500, everyMs: 50, portion: 512 },
    { what: 'one shorter than a portion', users: 5120, intervalMs: 20, everyMs: 20, portion: 5120 },
    { what: 'few', users: 100, intervalMs: 5000, everyMs: 3200, portion: 64 },
  ])('come to as many as are wanted in each interval: $what', ({ users, intervalMs, everyMs, portion }) => {
    expect(paceOf(users, intervalMs)).toEqual({ everyMs, users: portion });
  });
});

describe('a full run', () => {
  it('decides everybody and tells how far it is and what it put right', async () => {
    const { reconciler, decided } = fixture({ sliceSize: 4, wrong: ['u0', 'u9'] });
    const told: unknown[] = [];
    const outcome = await reconciler.full((progress) => told.push(progress));
    expect(decided).toEqual(UIDS);
    expect(outcome).toEqual({ checked: 10, repaired: 2 });
    expect(told).toEqual([
      { checked: 4, repaired: 1 },
      { checked: 8, repaired: 1 },
      { checked: 10, repaired: 2 },
    ]);
    expect((await reconciler.full()).repaired).toBe(0);
  });
});
