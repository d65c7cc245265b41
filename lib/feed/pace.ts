/**
 * Runs work soon after it is asked for: at once after a quiet time, else that long after the last run began; never twice at
 * once. What was asked for while it ran is another run.
 */
export class Pace {
  private timer: NodeJS.Timeout | undefined;
  private isRunning = false;
  private isAsked = false;
  private isStopped = false;
  private beganAtMs = -Infinity;

  /**
   * @param run must not reject. @returns whether there is more to do
   * @param everyMs from the beginning of one run to the next at least
   */
  constructor(
    private readonly run: () => Promise<boolean>,
    private readonly everyMs: number,
  ) {}

  /** @param atLeastMs from now, for another attempt at what failed */
  ask(atLeastMs = 0): void {
    if (this.isStopped) return;
    this.isAsked = true;
    if (this.isRunning || this.timer) return;
    const waitMs = Math.max(this.beganAtMs + this.everyMs - performance.now(), atLeastMs);
    if (waitMs <= 0) void this.begin();
    else this.timer = setTimeout(() => void this.begin(), waitMs);
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async begin(): Promise<void> {
    this.timer = undefined;
    [this.isAsked, this.isRunning, this.beganAtMs] = [false, true, performance.now()];
    const isMore = await this.run();
    this.isRunning = false;
    if (isMore || this.isAsked) this.ask();
  }
}
