const SECOND = 1000;

/**
 * Lets so many through in a second, and after a rest as many at once, or as is said. Ours, where lib/http/rate-limit has a library: that answers
 * later, and frames are counted in the order they come.
 */
export class TokenBucket {
  private tokens: number;
  private filledAtMs = performance.now();

  /** @param atOnce after a rest */
  constructor(
    private readonly perSecond: number,
    private readonly atOnce = perSecond,
  ) {
    this.tokens = atOnce;
  }

  /** @returns whether there was one left */
  take(): boolean {
    const nowMs = performance.now();
    this.tokens = Math.min(this.atOnce, this.tokens + ((nowMs - this.filledAtMs) / SECOND) * this.perSecond);
    this.filledAtMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
