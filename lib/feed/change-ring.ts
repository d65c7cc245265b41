/** What is told of one user. */
export interface FeedChange {
  readonly uid: string;
  /** Grows by one with each change that is told. */
  readonly seq: number;
  /** The view of him, as JSON text: written once for whoever is told. */
  readonly json: string;
}

/** The last changes, as many as it has places; of each user the newest only. */
export class ChangeRing {
  private readonly places: (FeedChange | undefined)[];
  private readonly newest = new Map<string, FeedChange>();
  private lastSeq = 0;

  constructor(private readonly size: number) {
    this.places = new Array<FeedChange | undefined>(size);
  }

  /** Of the newest change; 0 before the first. */
  get seq(): number {
    return this.lastSeq;
  }

  /** What was last told of a user, as far as it is still known. */
  latest(uid: string): FeedChange | undefined {
    return this.newest.get(uid);
  }

  add(uid: string, json: string): FeedChange {
    const change = { uid, seq: (this.lastSeq += 1), json };
    const place = change.seq % this.size;
    const oldest = this.places[place];
    if (oldest) this.newest.delete(oldest.uid);
    const earlier = this.newest.get(uid);
    if (earlier) this.places[earlier.seq % this.size] = undefined;
    this.places[place] = change;
    this.newest.set(uid, change);
    return change;
  }

  /** The newest change of each user that came after one. @returns undefined where that is not known any more */
  since(seq: number): FeedChange[] | undefined {
    if (!Number.isSafeInteger(seq) || seq < 0 || seq > this.lastSeq || this.lastSeq - seq > this.size) return undefined;
    const changes: FeedChange[] = [];
    for (let at = seq + 1; at <= this.lastSeq; at++) {
      const change = this.places[at % this.size];
      if (change) changes.push(change);
    }
    return changes;
  }

  clear(): void {
    this.places.fill(undefined);
    this.newest.clear();
    this.lastSeq = 0;
  }
}
