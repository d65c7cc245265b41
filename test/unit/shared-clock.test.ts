import { SharedClock } from '../../lib/replicas/shared-clock';

/** Far less than any clock here is set by, far more than a busy machine takes. */
const NEAR_MS = 5000;

describe('the clock of a store', () => {
  it('is this machine’s own before anybody has looked', () => {
    const clock = new SharedClock(() => Promise.reject(new Error('not asked')));
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(NEAR_MS);
  });

  it('follows the store’s, however far off this machine’s is, and tells by how much it was set', async () => {
    const ahead = 600_000;
    const clock = new SharedClock(async () => Date.now() + ahead);
    expect(Math.abs((await clock.sync()) - ahead)).toBeLessThan(NEAR_MS);
    expect(Math.abs(clock.now() - Date.now() - ahead)).toBeLessThan(NEAR_MS);
    expect(await clock.sync()).toBe(0);
  });

  it('goes on with a clock that nobody sets when this machine’s is set between two looks', async () => {
    const clock = new SharedClock(async () => Date.now());
    await clock.sync();
    const before = clock.now();
    const real = Date.now;
    try {
      Date.now = () => real() + 3_600_000;
      expect(clock.now() - before).toBeLessThan(NEAR_MS);
    } finally {
      Date.now = real;
    }
  });

  it('keeps what it has when the store does not answer', async () => {
    let away = false;
    const clock = new SharedClock(async () => {
      if (away) throw new Error('away');
      return Date.now() - 600_000;
    });
    await clock.sync();
    away = true;
    await expect(clock.sync()).rejects.toThrow('away');
    expect(Math.abs(clock.now() - Date.now() + 600_000)).toBeLessThan(NEAR_MS);
  });
});
