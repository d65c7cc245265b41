import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { UserChanges, UserListener } from '../port';
import type { MongoConnection } from './connection';

export const MARKERS_COLLECTION = 'presence_markers';
const USERS_COLLECTION = 'users';
/** From the arrival of one marker to the writing of the next. */
const MARK_EVERY_MS = 200;
/** A marker that has not come back by then never will: the stream is taken for broken. */
const MARK_WITHIN_MS = 5_000;
const AGAIN_AFTER_MS = 500;
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
 * markers: documents that this process writes and waits for in the same stream, which keeps the order of writes. They are
 * written only while somebody reads. Where the database has no change streams (a single server that is no replica set) nothing
 * is told, and it is tried again and again: it may become one.
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
      await this.followStream(listener, signal).catch(() => undefined);
      await delay(AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async followStream(listener: UserListener, signal: AbortSignal): Promise<void> {
    const stream = this.connection.watch(WHOSE);
    const news = new EventEmitter();
    let [arrived, failure] = [0, undefined as unknown];
    const fail = (error: unknown) => {
      failure ??= error ?? new Error('the change stream has ended');
      news.emit('any');
    };
    stream.on('error', fail);
    stream.on('close', () => fail(undefined));
    stream.on('change', (event: object) => {
      const change: Change = event;
      const { _id } = change.documentKey ?? {};
      if (change.ns?.coll === USERS_COLLECTION) listener.changed(String(_id));
      else if (_id === this.self) arrived = markOf(change);
      news.emit('any');
    });
    try {
      for (let isFirst = true; failure === undefined; await delay(MARK_EVERY_MS, undefined, { signal })) {
        if (!listener.isWanted()) continue;
        const sentAtMs = performance.now();
        const mark = (this.marks += 1);
        await this.markers().updateOne({ _id: this.self }, { $set: { mark, at: new Date() } }, { upsert: true });
        const within = AbortSignal.any([signal, AbortSignal.timeout(MARK_WITHIN_MS)]);
        while (arrived < mark && failure === undefined) await once(news, 'any', { signal: within });
        if (failure !== undefined) break;
        // From the first on everything is told: what happened before the stream began is not known.
        if (isFirst) listener.lost();
        else listener.current(sentAtMs);
        isFirst = false;
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
