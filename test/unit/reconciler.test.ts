import { Reconciler } from '../../lib/desk/reconciler';
import { eventually } from '../helpers/eventually';

const UIDS = Array.from({ length: 10 }, (_, i) => `u${i}`);

/** Walks through ten users, of whom some are wrong until they are decided again. */
function fixture({ sliceSize = 2, wrong = [] as string[], giveWay = (): boolean => false } = {}) {
  const decided: string[] = [];
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
    giveWay,
  });
  return { reconciler, decided };
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
    });
    await expect(reconciler.step(1)).rejects.toThrow('away');
    broken = false;
    await eventually(async () => expect(await reconciler.step(1)).toBe(1));
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
