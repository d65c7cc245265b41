const SECOND = 1000;

/**
 * Lets so many through in a second, and after a rest as many at once. Ours, where lib/http/rate-limit has a library: that answers
 * later, and frames are counted in the order they come.
 */
export class TokenBucket {
  private tokens: number;
  private filledAtMs = performance.now();

  constructor(private readonly perSecond: number) {
    this.tokens = perSecond;
  }

  /** @returns whether there was one left */
  take(): boolean {
    const nowMs = performance.now();
    this.tokens = Math.min(this.perSecond, this.tokens + ((nowMs - this.filledAtMs) / SECOND) * this.perSecond);
    this.filledAtMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
