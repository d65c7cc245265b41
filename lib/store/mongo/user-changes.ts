import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { UserChanges, UserListener } from '../port';
import type { MongoConnection } from './connection';

export const MARKERS_COLLECTION = 'presence_markers';
const USERS_COLLECTION = 'users';
const MARK_EVERY_MS = 200;
/** When no marker has come back for so long the stream is taken for broken. */
const MARK_WITHIN_MS = 5_000;
/** One that comes back later says nothing that is of use. */
const MARKS_KEPT = 100;
const LOOK_EVERY_MS = 200;
/** Nothing of a user but his id is sent. */
const WHOSE = [
  { $match: { 'ns.coll': { $in: [USERS_COLLECTION, MARKERS_COLLECTION] } } },
  { $match: { operationType: { $in: ['insert', 'update', 'replace', 'delete'] } } },
  {
    $project: {
      ns: 1,
      operationType: 1,
      documentKey: 1,
      'fullDocument.mark': 1,
      'updateDescription.updatedFields.mark': 1,
    },
  },
];

interface Marker {
  readonly _id: string;
  readonly mark: number;
  readonly at: Date;
}

interface Change {
  readonly ns?: { readonly coll?: string };
  readonly documentKey?: { readonly _id?: unknown };
  readonly fullDocument?: { readonly mark?: number };
  readonly updateDescription?: { readonly updatedFields?: { readonly mark?: number } };
}

/**
 * Who of `users` was changed, by whomever, from a change stream. That everything was told up to a moment is known from
 * markers: documents that this process writes and waits for in the same stream, which keeps the order of writes. There is a
 * stream only while somebody reads, for each change costs the database a reply. Where the database has no change streams (a
 * single server that is no replica set) nothing is told, and it is tried again and again: it may become one.
 */
export class MongoUserChanges implements UserChanges {
  private readonly self = randomBytes(8).toString('base64url');
  /** Marks only ever grow, from one stream to the next. */
  private marks = 0;

  constructor(private readonly connection: MongoConnection) {}

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
    const stream = this.connection.watch(WHOSE);
    const sentAtMs = new Map<number, number>();
    let [hasEnded, heardAtMs] = [false, performance.now()];
    let isFirst = true;
    for (const end of ['error', 'close'] as const) stream.on(end, () => (hasEnded = true));
    stream.on('change', (event: object) => {
      const change: Change = event;
      const { _id } = change.documentKey ?? {};
      if (change.ns?.coll === USERS_COLLECTION) return listener.changed(String(_id));
      const atMs = _id === this.self ? sentAtMs.get(markOf(change)) : undefined;
      if (atMs === undefined) return;
      // From the first on everything is told: what happened before the stream began is not known.
      if (isFirst) listener.lost();
      else listener.current(atMs);
      [isFirst, heardAtMs] = [false, performance.now()];
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
      await stream.close().catch(() => undefined);
    }
  }

  private markers() {
    return this.connection.collection<Marker>(MARKERS_COLLECTION);
  }
}

function markOf({ fullDocument, updateDescription }: Change): number {
  return updateDescription?.updatedFields?.mark ?? fullDocument?.mark ?? 0;
}
