import type { BulkWriteOperation, FilterQuery } from 'mongodb';
import { alike } from '../../../domain/alike';
import type { Session, UserRecord } from '../../../domain/types';
import type { PresenceWrite } from '../port';
import { IDENTITY_FIELDS, OWNED_FIELDS, type SessionsDocument, type UserDocument } from './documents';
import { fieldIs, guardedUpdate } from './guarded-update';

/**
 * A bulk write tells how many were applied, not which. After a lost race the slots do: enough of them that
 * they outlast what other replicas write to one user within a round trip.
 */
const SLOTS = 8;

/** What is to be stored of one user's sessions. */
export interface SessionsAfter {
  readonly uid: string;
  readonly sessions: readonly Session[];
  readonly sessionsRev: number;
}

/** Writes a user's sessions if they are still as read. @param stored absent where there was no document */
export function sessionsStatement(
  stored: SessionsDocument | undefined,
  { uid, sessions, sessionsRev }: SessionsAfter,
): BulkWriteOperation<SessionsDocument> {
  const set = { connections: [...sessions], rev: sessionsRev };
  const update: object = stored ? guardedUpdate(isAsRead(stored), set) : { $set: set };
  // A filter that matches nothing: an upsert runs into a document that was made meanwhile.
  const filter: FilterQuery<SessionsDocument> = stored ? { _id: uid } : { _id: uid, rev: -1 };
  return { updateOne: { filter, update, upsert: stored === undefined } };
}

/**
 * Whether the document is as it was read. The size guards against a writer that counts no revision: upstream's own
 * service, while both run during a migration.
 */
function isAsRead({ rev, connections }: SessionsDocument): object {
  const sameRev = fieldIs('rev', rev ?? null, null);
  if (!Array.isArray(connections)) return sameRev;
  const sameSize = {
    $cond: [{ $isArray: '$connections' }, { $eq: [{ $size: '$connections' }, connections.length] }, false],
  };
  return { $and: [sameRev, sameSize] };
}

/**
 * Writes what has changed of a user's presence if its revision is still that of `before`: only fields that this service owns.
 *
 * @param batch noted in the slot of the revision: who made it
 */
export function userStatement(
  { before, after }: PresenceWrite,
  batch: string,
  at: Date,
  ownsUsers: boolean,
): BulkWriteOperation<UserDocument> {
  const set: Record<string, unknown> = { presenceRev: after.presenceRev, _updatedAt: at };
  const unset: Record<string, true> = {};
  for (const field of ownsUsers ? [...OWNED_FIELDS, ...IDENTITY_FIELDS] : OWNED_FIELDS) {
    if (after[field] == null) {
      if (before[field] != null) unset[field] = true;
    } else if (before.presenceRev === 0 || !sameValue(before[field], after[field])) set[field] = after[field];
  }
  const slot = slotOf(after);
  if (before.presenceRev > 0 && Object.keys(unset).length === 0) {
    const update: object = guardedUpdate(fieldIs('presenceRev', before.presenceRev, 0), set, {
      presenceBy: { [slot]: batch },
    });
    return { updateOne: { filter: { _id: after._id }, update } };
  }
  const setAll = { ...set, [`presenceBy.${slot}`]: batch };
  return {
    updateOne: {
      // null matches a revision that is missing: a user whom only others have written.
      filter: { _id: after._id, presenceRev: before.presenceRev === 0 ? { $in: [0, null] } : before.presenceRev },
      update: Object.keys(unset).length > 0 ? { $set: setAll, $unset: unset } : { $set: setAll },
      upsert: ownsUsers && before.presenceRev === 0,
    },
  };
}

/** Where a user document tells who made the revision of a record. */
export function slotOf({ presenceRev }: UserRecord): string {
  return String(presenceRev % SLOTS);
}

function sameValue(a: unknown, b: unknown): boolean {
  return alike(a, b) || (a != null && b != null && JSON.stringify(a) === JSON.stringify(b));
}
