import { ChangeRing, type FeedChange } from './change-ring';

/**
 * What subscribers were told of each user, so that nobody is told what he knows. A snapshot shows a user to one subscriber alone: where
 * that differs from what others were told, he is told to all of them the next time, whatever he is then. Of whom no change is
 * kept nobody knows what others know: who is in no page of a snapshot was shown, too, as not being there.
 */
export class LastTold {
  private readonly ring: ChangeRing;
  /** Users of whom subscribers know different things. */
  private readonly doubtful = new Set<string>();

  /** @param size changes kept */
  constructor(size: number) {
    this.ring = new ChangeRing(size);
  }

  get seq(): number {
    return this.ring.seq;
  }

  /** A change to be told. @returns undefined where all know it */
  change(uid: string, json: string): FeedChange | undefined {
    if (this.ring.latest(uid)?.json === json && !this.doubtful.has(uid)) return undefined;
    this.doubtful.delete(uid);
    return this.ring.add(uid, json);
  }

  /** One subscriber is about to be shown this. @returns whether others were told something else: the user is to be read again */
  show(uid: string, json: string): boolean {
    const latest = this.ring.latest(uid);
    if (!latest || latest.json === json) return false;
    this.doubtful.add(uid);
    return true;
  }

  since(seq: number): FeedChange[] | undefined {
    return this.ring.since(seq);
  }

  clear(): void {
    this.ring.clear();
    this.doubtful.clear();
  }
}
