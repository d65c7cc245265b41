import type { PresenceStore } from '../store/port';

/** How far a full run has come. */
export interface ReconcileProgress {
  /** Users decided again so far. */
  readonly checked: number;
  /** Of them put right. */
  readonly repaired: number;
}

export interface ReconcilerOptions {
  readonly store: Pick<PresenceStore, 'slicesToVerify'>;
  /** Decides a user again, behind live calls. */
  readonly recompute: (uid: string) => Promise<unknown>;
  /** How many users recomputes have put right since the start. */
  readonly repairs: () => number;
  /** Users of a slice. */
  readonly sliceSize: number;
  /** A walk in portions begins this long after the one before it began at the earliest, milliseconds. */
  readonly walkEveryMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number;
  /** Whether jobs are under way that somebody sees the end of: a step leaves the rest of its slices to the next one, and portions are smaller. */
  readonly giveWay?: () => boolean;
}

/** Slices decided at a time in a step: the flushes are full, and a job that comes up waits for no more. */
const AT_ONCE = 2;
/** Slices whose ids a walk asks for at a time: they are short, and each question is a search. */
const AHEAD = 4;
/** What is left of a portion while it gives way: as of a step of ten slices, of which two are decided then. */
const WHILE_GIVING_WAY = 1 / 5;
/** A read that comes up behind a portion of the walk waits for so many users at most, or for fifty milliseconds' worth. */
const PORTION = 64;
const PORTION_EVERY_MS = 50;

/**
 * How often portions of which size come to `users` in each interval. All at once would be shorter and stand in the way of
 * reads for a second; many timers a second are of no use.
 */
export function paceOf(users: number, intervalMs: number): { readonly everyMs: number; readonly users: number } {
  const everyMs = Math.min(intervalMs, Math.max(PORTION_EVERY_MS, (intervalMs * PORTION) / users));
  return { everyMs, users: Math.ceil((users * everyMs) / intervalMs) };
}

/**
 * Decides users again that have sessions or are shown as anything but offline: what a crash left half done, or
 * another writer changed, is put right (design invariant 8). In slices, so that it is never a queue of its own.
 */
export class Reconciler {
  private walk: AsyncIterator<string[]> | undefined;
  private walkBeganAtMs = -Infinity;
  /** Of those the walk has come to, the ones still to be decided. */
  private ahead: string[] = [];
  private stepping: Promise<number> | undefined;

  constructor(private readonly options: ReconcilerOptions) {}

  /**
   * Goes on with the walk through all users by up to this many slices; from the start again when it is through. While it
   * has to give way, by two at most. One step or portion at a time: who asks meanwhile gets the one that runs.
   *
   * @returns how many users were decided
   */
  step(slices: number): Promise<number> {
    return this.alone(() => this.stepOnce(slices));
  }

  /**
   * Goes on by up to this many users, in one go: so few that a read which comes up does not wait for long. When the walk is
   * through nobody is decided until the next one begins. @returns how many users were decided
   */
  portion(users: number): Promise<number> {
    const { clock, walkEveryMs, giveWay } = this.options;
    if (!this.walk && clock() - this.walkBeganAtMs < walkEveryMs) return Promise.resolve(0);
    return this.alone(() => this.decide(giveWay?.() ? Math.ceil(users * WHILE_GIVING_WAY) : users));
  }

  /** All users, one slice after the other. @param onProgress told after each slice */
  async full(onProgress: (progress: ReconcileProgress) => void = () => undefined): Promise<ReconcileProgress> {
    const before = this.options.repairs();
    let progress: ReconcileProgress = { checked: 0, repaired: 0 };
    for await (const slice of this.options.store.slicesToVerify(this.options.sliceSize)) {
      await Promise.all(slice.map((uid) => this.options.recompute(uid)));
      progress = { checked: progress.checked + slice.length, repaired: this.options.repairs() - before };
      onProgress(progress);
    }
    return progress;
  }

  private alone(run: () => Promise<number>): Promise<number> {
    this.stepping ??= run().finally(() => (this.stepping = undefined));
    return this.stepping;
  }

  private async stepOnce(slices: number): Promise<number> {
    let decided = 0;
    for (let left = slices; left > 0; left -= AT_ONCE) {
      decided += await this.decide(Math.min(AT_ONCE, left) * this.options.sliceSize);
      if (this.walk === undefined || this.options.giveWay?.()) break;
    }
    return decided;
  }

  private async decide(users: number): Promise<number> {
    const uids = await this.next(users);
    await Promise.all(uids.map((uid) => this.options.recompute(uid)));
    return uids.length;
  }

  /** Fewer where the walk ends, which is over then. */
  private async next(count: number): Promise<string[]> {
    this.walk ??= this.begin();
    while (this.ahead.length < count) {
      const slice = await this.walk.next();
      if (slice.done) {
        this.walk = undefined;
        break;
      }
      this.ahead.push(...slice.value);
    }
    return this.ahead.splice(0, count);
  }

  private begin(): AsyncIterator<string[]> {
    const { store, sliceSize, clock } = this.options;
    this.walkBeganAtMs = clock();
    return store.slicesToVerify(AHEAD * sliceSize)[Symbol.asyncIterator]();
  }
}
