import { Pace } from '../feed/pace';

/** The first is carried out at once; those that come while it runs, and soon after, in one run. */
const EVERY_MS = 100;
/** Of one run. */
const MAX_IDS = 1_000;

/**
 * What events of the bus tell of this and that, gathered: the latest of each id, one run at a time. Carrying one out costs a call of the store, and
 * any node may send thousands.
 */
export class Gathered<T> {
  private latest = new Map<string, T>();
  private readonly pace: Pace;

  /** @param failed takes what a run has thrown */
  constructor(run: (latest: ReadonlyMap<string, T>) => Promise<void>, failed: (error: unknown) => void) {
    this.pace = new Pace(async () => {
      const { latest } = this;
      this.latest = new Map();
      await run(latest).catch(failed);
      return false;
    }, EVERY_MS);
  }

  /** @returns false where there are too many to take this one */
  add(id: string, value: T): boolean {
    if (!this.latest.has(id) && this.latest.size === MAX_IDS) return false;
    this.latest.set(id, value);
    this.pace.ask();
    return true;
  }

  stop(): void {
    this.pace.stop();
  }
}
