import { Leadership } from '../../lib/replicas/leadership';

const TTL = 1000;

/** The lease as a store keeps it, on the test's own time. */
class Leases {
  nowMs = 0;
  away = false;
  private lease: { holder: string; untilMs: number } | undefined;

  lead = async (_job: string, holder: string, ttlMs: number): Promise<boolean> => {
    if (this.away) throw new Error('away');
    if (this.lease && this.lease.holder !== holder && this.lease.untilMs > this.nowMs) return false;
    this.lease = { holder, untilMs: this.nowMs + ttlMs };
    return true;
  };
  resign = async (_job: string, holder: string): Promise<void> => {
    if (this.lease?.holder === holder) this.lease = undefined;
  };
}

describe('leadership', () => {
  let leases: Leases;
  const replica = (holder: string) =>
    new Leadership({ store: leases, job: 'presence', holder, ttlMs: TTL, upMs: () => leases.nowMs });
  beforeEach(() => (leases = new Leases()));

  it('is with the one who asked first, who alone is told that it is new', async () => {
    const [a, b] = [replica('a'), replica('b')];
    expect(await a.renew()).toBe(true);
    expect(await b.renew()).toBe(false);
    expect([a.isHeld, b.isHeld]).toEqual([true, false]);
    expect(await a.renew()).toBe(false);
    expect(a.isHeld).toBe(true);
  });

  it('ends by itself for a holder that cannot renew, before another gets it', async () => {
    const [a, b] = [replica('a'), replica('b')];
    await a.renew();
    leases.away = true;
    await expect(a.renew()).rejects.toThrow('away');
    leases.nowMs = TTL;
    expect(a.isHeld).toBe(false);
    leases.away = false;
    expect(await b.renew()).toBe(true);
    expect(await a.renew()).toBe(false);
  });

  it('that is given back is not taken anew by a renewal under way', async () => {
    const [a, b] = [replica('a'), replica('b')];
    await a.renew();
    const { lead } = leases;
    let carriedOut = () => {};
    const sent = new Promise<void>((resolve) => (carriedOut = resolve));
    leases.lead = async (...args) => {
      await sent;
      return lead(...args);
    };
    const renewed = a.renew();
    const resigned = a.resign();
    expect(a.isHeld).toBe(false);
    carriedOut();
    expect(await renewed).toBe(false);
    await resigned;
    leases.lead = lead;
    expect(await b.renew()).toBe(true);
    expect(await a.renew()).toBe(false);
    expect([a.isHeld, b.isHeld]).toEqual([false, true]);
  });

  it('counts from before the store was asked: a slow answer is no longer lease', async () => {
    const a = replica('a');
    const { lead } = leases;
    leases.lead = async (...args) => {
      const has = await lead(...args);
      leases.nowMs += TTL + 1;
      return has;
    };
    expect(await a.renew()).toBe(false);
    expect(a.isHeld).toBe(false);
  });

  it('is given to the next at once by a holder that resigns', async () => {
    const [a, b] = [replica('a'), replica('b')];
    await a.renew();
    await a.resign();
    expect(a.isHeld).toBe(false);
    expect(await b.renew()).toBe(true);
    await a.resign();
    expect(await a.renew()).toBe(false);
  });
});
