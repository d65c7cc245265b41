import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { UserChanges, UserListener } from '../port';
import { MARKERS_COLLECTION, type ChangeSource } from './change-source';
import type { MongoConnection } from './connection';

/** An entry of the cache is trusted for STALE_AFTER_MS: the next mark must be back by then. */
const MARK_EVERY_MS = 350;
/** When no marker has come back for so long the stream is taken for broken. */
const MARK_WITHIN_MS = 5_000;
/** One that comes back later says nothing that is of use. */
const MARKS_KEPT = 100;
const LOOK_EVERY_MS = 200;

interface Marker {
  readonly _id: string;
  readonly mark: number;
  readonly at: Date;
}

/**
 * Who of `users` was changed, by whomever, from a change stream or the oplog. That everything was told up to a moment is known from
 * markers: documents that this process writes and waits for in the same place, which keeps the order of writes. There is a
 * stream only while somebody reads, for each change costs the database a reply. Where the database has no change streams (a
 * single server that is no replica set) nothing is told, and it is tried again and again: it may become one.
 */
export class MongoUserChanges implements UserChanges {
  private readonly self = randomBytes(8).toString('base64url');
  /** Marks only ever grow, from one stream to the next. */
  private marks = 0;

  constructor(
    private readonly connection: MongoConnection,
    private readonly source: ChangeSource,
  ) {}

  watch(listener: UserListener): () => Promise<void> {
    const stopping = new AbortController();
    const watching = this.follow(listener, stopping.signal);
    return async () => {
      stopping.abort();
      await watching;
      await this.markers()
        .deleteOne({ _id: this.self })
        .catch(() => undefined);
    };
  }

  private async follow(listener: UserListener, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (listener.isWanted()) await this.followStream(listener, signal).catch(() => undefined);
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async followStream(listener: UserListener, signal: AbortSignal): Promise<void> {
    const sentAtMs = new Map<number, number>();
    let [hasEnded, heardAtMs] = [false, performance.now()];
    let isFirst = true;
    const close = await this.source.open({
      changed: (uid) => listener.changed(uid),
      marked: (id, mark) => {
        const atMs = id === this.self ? sentAtMs.get(mark) : undefined;
        if (atMs === undefined) return;
        // From the first on everything is told: what happened before the stream began is not known.
        if (isFirst) listener.lost();
        else listener.current(atMs);
        [isFirst, heardAtMs] = [false, performance.now()];
      },
      ended: () => (hasEnded = true),
    });
    try {
      while (!hasEnded && listener.isWanted() && performance.now() - heardAtMs < MARK_WITHIN_MS) {
        const mark = (this.marks += 1);
        sentAtMs.set(mark, performance.now());
        sentAtMs.delete(mark - MARKS_KEPT);
        await this.markers().updateOne({ _id: this.self }, { $set: { mark, at: new Date() } }, { upsert: true });
        await delay(MARK_EVERY_MS, undefined, { signal });
      }
    } finally {
      await close().catch(() => undefined);
    }
  }

  private markers() {
    return this.connection.collection<Marker>(MARKERS_COLLECTION);
  }
}
