/**
 * Since when this node has been able to see what goes on, without a break: its bus was up, its store was there, its
 * clock was steady, and the process itself ran. Lease time counts only while a vigil lasts (design invariant 6): who
 * has not looked for a while may not conclude that nothing happened.
 *
 * Times are milliseconds of a monotonic clock.
 */
export class Vigil {
  private sinceMs: number | undefined;
  private lastLookMs: number | undefined;

  /** @param maxGapMs looks further apart than this are a break: the process was stopped, or too busy to look */
  constructor(private readonly maxGapMs: number) {}

  /**
   * One look. @param able whether everything needed to see was there
   * @returns whether the vigil broke: it lasted, or was to begin, and does not any more
   */
  look(able: boolean, nowMs: number): boolean {
    const late = this.lastLookMs !== undefined && nowMs - this.lastLookMs > this.maxGapMs;
    this.lastLookMs = nowMs;
    const broke = late || !able;
    if (broke) this.sinceMs = undefined;
    if (able) this.sinceMs ??= nowMs;
    return broke;
  }

  /** What was seen so far is worth nothing: the clock was set, say. The vigil begins again with the next look. */
  break(): void {
    this.sinceMs = undefined;
  }

  /** How long it has lasted; 0 while it does not. */
  lastedMs(nowMs: number): number {
    return this.sinceMs === undefined ? 0 : nowMs - this.sinceMs;
  }
}
