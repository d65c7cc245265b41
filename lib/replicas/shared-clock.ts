/** Corrections below this are the noise of a round trip. */
export const CLOCK_NOISE_MS = 50;

/**
 * The time all replicas on a store go by: the store's, kept between two looks by this process's monotonic clock. A
 * machine whose own clock is off does neither end leases nor claims early, nor write times that others take for old.
 */
export class SharedClock {
  private anchorMs = Date.now();
  private anchoredAt = performance.now();

  /** @param readTime the store's time, epoch milliseconds */
  constructor(private readonly readTime: () => Promise<number>) {}

  /** Epoch milliseconds, whole ones. Before the first `sync`: this machine's own. */
  now(): number {
    return Math.floor(this.anchorMs + (performance.now() - this.anchoredAt));
  }

  /** Looks at the store's time. @returns by how many milliseconds this clock was set, 0 for less than noise */
  async sync(): Promise<number> {
    const theirs = await this.readTime();
    const correction = theirs - this.now();
    if (Math.abs(correction) < CLOCK_NOISE_MS) return 0;
    this.anchorMs = theirs;
    this.anchoredAt = performance.now();
    return correction;
  }
}
