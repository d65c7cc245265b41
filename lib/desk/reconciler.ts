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
  /** Whether jobs are under way that somebody sees the end of: a step leaves the rest of its slices to the next one. */
  readonly giveWay?: () => boolean;
}

/** Slices decided at a time: the flushes are full, and a job that comes up waits for no more. */
const AT_ONCE = 2;

/**
 * Decides users again that have sessions or are shown as anything but offline: what a crash left half done, or
 * another writer changed, is put right (design invariant 8). In slices, so that it is never a queue of its own.
 */
export class Reconciler {
  private walk: AsyncIterator<string[]> | undefined;
  private stepping: Promise<number> | undefined;

  constructor(private readonly options: ReconcilerOptions) {}

  /**
   * Goes on with the walk through all users by up to this many slices; from the start again when it is through. While it
   * has to give way, by two at most. One step at a time: who asks meanwhile gets the one that runs.
   *
   * @returns how many users were decided
   */
  step(slices: number): Promise<number> {
    this.stepping ??= this.stepOnce(slices).finally(() => (this.stepping = undefined));
    return this.stepping;
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

  private async stepOnce(slices: number): Promise<number> {
    let decided = 0;
    for (let left = slices; left > 0; left -= AT_ONCE) {
      const uids = await this.nextSlices(Math.min(AT_ONCE, left));
      await Promise.all(uids.map((uid) => this.options.recompute(uid)));
      decided += uids.length;
      if (this.walk === undefined || this.options.giveWay?.()) break;
    }
    return decided;
  }

  /** Fewer where the walk ends, which is over then. */
  private async nextSlices(count: number): Promise<string[]> {
    this.walk ??= this.options.store.slicesToVerify(this.options.sliceSize)[Symbol.asyncIterator]();
    const taken: string[][] = [];
    while (taken.length < count) {
      const slice = await this.walk.next();
      if (slice.done) {
        this.walk = undefined;
        break;
      }
      taken.push(slice.value);
    }
    return taken.flat();
  }
}
