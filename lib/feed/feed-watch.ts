import type { UserListener } from '../store/port';
import type { PresenceFeed } from './presence-feed';

/** While this long nothing is confirmed, changes are not being watched. */
const LIVE_FOR_MS = 1_000;
/** A subscriber waits no longer than this for the watch to begin. */
const BEGINS_WITHIN_MS = 1_000;

/** Marks users whom the store tells of, as long as somebody is subscribed. */
export class FeedWatch implements UserListener {
  private confirmedAtMs = -Infinity;
  private waitsSinceMs: number | undefined;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly feed: Pick<PresenceFeed, 'isAwake' | 'mark' | 'lost'>) {}

  /** Whether changes are being watched now. */
  get isLive(): boolean {
    return performance.now() - this.confirmedAtMs < LIVE_FOR_MS;
  }

  isWanted(): boolean {
    return this.feed.isAwake;
  }

  changed(uid: string): void {
    this.feed.mark([uid]);
  }

  current(_atMs: number): void {
    this.confirm();
  }

  lost(): void {
    this.feed.lost();
    this.confirm();
  }

  /** Waits until changes are watched: what is read before then may be outdated without anybody being told. Never for long. */
  async begun(): Promise<void> {
    if (this.isLive) return;
    const nowMs = performance.now();
    this.waitsSinceMs ??= nowMs;
    const waitMs = this.waitsSinceMs + BEGINS_WITHIN_MS - nowMs;
    if (waitMs <= 0) return; // a database that tells no changes
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, waitMs).unref();
      this.waiting.add(done);
    });
  }

  private confirm(): void {
    this.confirmedAtMs = performance.now();
    this.waitsSinceMs = undefined;
    for (const done of this.waiting) done();
  }
}
