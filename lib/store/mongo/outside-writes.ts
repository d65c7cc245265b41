import { setTimeout as delay } from 'node:timers/promises';
import type { OutsideWrites } from '../port';
import { tellAll, USERS_COLLECTION } from './change-source';
import type { MongoConnection } from './connection';
import { oplogOf } from './oplog';

/** What of a user decides or shows presence (contract 5.2). */
const PRESENCE_FIELDS = [
  'status',
  'statusText',
  'statusSource',
  'statusExpiresAt',
  'statusId',
  'statusDefault',
  'statusConnection',
  'previousState',
] as const;
/** Every write of this service counts it up; nobody else knows it. */
const OURS = 'presenceRev';

/** Follows until it ends by itself. @param seen told of each user written */
type Follow = (seen: (uid: string) => void, signal: AbortSignal) => Promise<void>;

const AGAIN_AFTER_MS = 1_000;
/** A database that cannot tell says so at once. */
const LIVE_AFTER_MS = 3_000;

/** Who of `users` had his presence written by somebody else than this service. Told of in order; where the telling breaks off it begins anew. */
export class MongoOutsideWrites implements OutsideWrites {
  private followedSinceMs: number | undefined;

  constructor(private readonly followOnce: Follow) {}

  get isLive(): boolean {
    return this.followedSinceMs !== undefined && performance.now() - this.followedSinceMs > LIVE_AFTER_MS;
  }

  watch(seen: (uid: string) => void): () => Promise<void> {
    const stopping = new AbortController();
    const watching = this.follow(seen, stopping.signal);
    return async () => {
      stopping.abort();
      await watching;
    };
  }

  private async follow(seen: (uid: string) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.followedSinceMs = performance.now();
      await this.followOnce(seen, signal).catch(() => undefined);
      this.followedSinceMs = undefined;
      await delay(AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

const given = (field: string) => ({ [`updateDescription.updatedFields.${field}`]: { $exists: true } });

/** The database itself leaves out what this service writes: of that there is much. */
const WHOSE = [
  { $match: { 'ns.coll': USERS_COLLECTION, operationType: 'update' } },
  { $match: { [`updateDescription.updatedFields.${OURS}`]: { $exists: false } } },
  {
    $match: {
      $or: [...PRESENCE_FIELDS.map(given), { 'updateDescription.removedFields': { $in: [...PRESENCE_FIELDS] } }],
    },
  },
  { $project: { documentKey: 1 } },
];

export const outsideByStream = (connection: MongoConnection): Follow =>
  async function follow(seen, signal) {
    const stream = connection.watch<{ readonly documentKey?: { readonly _id?: unknown } }>(WHOSE);
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([stopped, tellAll(stream, ({ documentKey }) => seen(String(documentKey?._id)))]);
    await stream.close().catch(() => undefined);
  };

export const outsideByOplog = (url: string, databaseName: () => string): Follow =>
  async function follow(seen, signal) {
    await new Promise<void>((resolve, reject) => {
      const opened = oplogOf(url, databaseName).open({
        changed: (uid, fields) => {
          if (fields && !fields.has(OURS) && PRESENCE_FIELDS.some((field) => fields.has(field))) seen(uid);
        },
        marked: () => undefined,
        ended: resolve,
      });
      opened.catch(reject);
      signal.addEventListener('abort', () => void opened.then((close) => close()).then(() => resolve(), reject), {
        once: true,
      });
    });
  };
