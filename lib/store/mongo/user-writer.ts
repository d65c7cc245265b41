import { randomBytes } from 'node:crypto';
import type { BulkWriteOperation, Collection } from 'mongodb';
import { alike } from '../../../domain/alike';
import type { UserRecord } from '../../../domain/types';
import type { PresenceWrite, PresenceWritten } from '../port';
import { compareAndSet, inOneReply } from './bulk';
import type { MongoConnection } from './connection';
import { IDENTITY_FIELDS, OWNED_FIELDS } from './documents';

export interface UserDocument {
  readonly _id: string;
  readonly statusExpiresAt?: Date;
  readonly presenceRev?: number | null;
  /** Who made the last few revisions: slot `rev % SLOTS` holds the batch that wrote it. */
  readonly presenceBy?: Record<string, string>;
}

/**
 * A bulk write tells how many were applied, not which. After a lost race the slots do: enough of them that
 * they outlast what other replicas write to one user within a round trip.
 */
const SLOTS = 8;

/** Writes presence into `users`: compare-and-set on `presenceRev`, only fields that this service owns. */
export class UserWriter {
  private readonly self = randomBytes(4).toString('base64url');
  private batches = 0;

  constructor(
    private readonly connection: MongoConnection,
    private readonly ownsUsers: () => boolean,
  ) {}

  /** @param revsOf reads session revisions, in the same round trip as the look at what was written */
  async write(
    writes: readonly PresenceWrite[],
    revsOf: (uids: readonly string[]) => Promise<ReadonlyMap<string, number>>,
  ): Promise<PresenceWritten> {
    if (writes.length === 0) return { written: new Set(), again: new Set() };
    const batch = `${this.self}.${(this.batches++).toString(36)}`;
    const uids = writes.map(({ after }) => after._id);
    const at = new Date();
    const operations = writes.map((write) => this.operation(write, batch, at));
    let retried = false;
    return this.connection.patiently(async () => {
      // On a repetition some may be there already from the attempt whose answer got lost: the slots tell.
      const all = (await compareAndSet(this.users(), operations)) && !retried;
      retried = true;
      const [revs, slots] = await Promise.all([revsOf(uids), all ? undefined : this.slots(uids)]);
      const written = writes.filter(
        ({ after }) => slots === undefined || slots.get(after._id)?.[slotOf(after)] === batch,
      );
      const moved = written.filter(({ after, sessionsRev }) => (revs.get(after._id) ?? 0) !== sessionsRev);
      const won = new Set(written.map(({ after }) => after._id));
      const again = new Set(moved.map(({ after }) => after._id));
      for (const uid of uids) if (!won.has(uid)) again.add(uid);
      return { written: won, again };
    });
  }

  private operation({ before, after }: PresenceWrite, batch: string, at: Date): BulkWriteOperation<UserDocument> {
    const set: Record<string, unknown> = {
      presenceRev: after.presenceRev,
      [`presenceBy.${slotOf(after)}`]: batch,
      _updatedAt: at,
    };
    const unset: Record<string, true> = {};
    for (const field of this.ownsUsers() ? [...OWNED_FIELDS, ...IDENTITY_FIELDS] : OWNED_FIELDS) {
      if (after[field] == null) {
        if (before[field] != null) unset[field] = true;
      } else if (before.presenceRev === 0 || !sameValue(before[field], after[field])) set[field] = after[field];
    }
    const update = Object.keys(unset).length > 0 ? { $set: set, $unset: unset } : { $set: set };
    return {
      updateOne: {
        // null matches a revision that is missing: a user whom only others have written.
        filter: { _id: after._id, presenceRev: before.presenceRev === 0 ? { $in: [0, null] } : before.presenceRev },
        update: update,
        upsert: this.ownsUsers() && before.presenceRev === 0,
      },
    };
  }

  private async slots(uids: readonly string[]): Promise<ReadonlyMap<string, Record<string, string>>> {
    const documents = await this.users()
      .find({ _id: { $in: [...uids] } }, { projection: { presenceBy: 1 }, ...inOneReply(uids) })
      .toArray();
    return new Map(documents.map(({ _id, presenceBy }) => [_id, presenceBy ?? {}]));
  }

  private users(): Collection<UserDocument> {
    return this.connection.collection('users');
  }
}

function slotOf({ presenceRev }: UserRecord): string {
  return String(presenceRev % SLOTS);
}

function sameValue(a: unknown, b: unknown): boolean {
  return alike(a, b) || (a != null && b != null && JSON.stringify(a) === JSON.stringify(b));
}
