import { ChangeRing, type FeedChange } from './change-ring';

/**
 * What subscribers know of each user, so that nobody is told what he knows. A snapshot shows a user to one subscriber
 * alone: where that differs from what others know, he is told to all of them the next time, whatever he is then.
 */
export class LastTold {
  private readonly ring: ChangeRing;
  /** As first shown in a snapshot, of users of whom no change was told since. */
  private readonly shown = new Map<string, string>();
  /** Users of whom subscribers know different things. */
  private readonly doubtful = new Set<string>();
  private isIncomplete = false;

  /** @param size changes kept, and users remembered from snapshots */
  constructor(private readonly size: number) {
    this.ring = new ChangeRing(size);
  }

  get seq(): number {
    return this.ring.seq;
  }

  /** A change to be told. @returns undefined where all know it */
  change(uid: string, json: string): FeedChange | undefined {
    if (this.known(uid) === json && !this.doubtful.has(uid)) return undefined;
    this.shown.delete(uid);
    this.doubtful.delete(uid);
    return this.ring.add(uid, json);
  }

  /** One subscriber is about to be shown this. @returns whether others may know something else: the user is to be read again */
  show(uid: string, json: string): boolean {
    const known = this.known(uid);
    if (known === json) return false;
    if (known !== undefined) {
      this.doubtful.add(uid);
      return true;
    }
    // Once anything was forgotten or not remembered, others may know anything of him: he is told in any case.
    this.isIncomplete ||= this.ring.isIncomplete || this.shown.size >= this.size;
    if (!this.isIncomplete) this.shown.set(uid, json);
    return false;
  }

  since(seq: number): FeedChange[] | undefined {
    return this.ring.since(seq);
  }

  clear(): void {
    this.ring.clear();
    this.shown.clear();
    this.doubtful.clear();
    this.isIncomplete = false;
  }

  private known(uid: string): string | undefined {
    return this.ring.latest(uid)?.json ?? this.shown.get(uid);
  }
}
