import type { BulkWriteOperation, FilterQuery } from 'mongodb';
import { alike } from '../../../domain/alike';
import type { Session, UserRecord } from '../../../domain/types';
import type { PresenceWrite } from '../port';
import { IDENTITY_FIELDS, OWNED_FIELDS, type SessionsDocument, type UserDocument } from './documents';

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
  return {
    updateOne: {
      filter: asRead(uid, stored),
      update: { $set: { connections: [...sessions], rev: sessionsRev } },
      upsert: stored === undefined,
    },
  };
}

/**
 * The document as it was read. The size guards against a writer that counts no revision: upstream's own
 * service, while both run during a migration.
 */
function asRead(uid: string, stored: SessionsDocument | undefined): FilterQuery<SessionsDocument> {
  // Matches nothing: an upsert runs into a document that was made meanwhile.
  if (!stored) return { _id: uid, rev: -1 };
  const size = Array.isArray(stored.connections) ? { connections: { $size: stored.connections.length } } : {};
  return { _id: uid, rev: stored.rev ?? null, ...size } as FilterQuery<SessionsDocument>;
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
  const set: Record<string, unknown> = {
    presenceRev: after.presenceRev,
    [`presenceBy.${slotOf(after)}`]: batch,
    _updatedAt: at,
  };
  const unset: Record<string, true> = {};
  for (const field of ownsUsers ? [...OWNED_FIELDS, ...IDENTITY_FIELDS] : OWNED_FIELDS) {
    if (after[field] == null) {
      if (before[field] != null) unset[field] = true;
    } else if (before.presenceRev === 0 || !sameValue(before[field], after[field])) set[field] = after[field];
  }
  return {
    updateOne: {
      // null matches a revision that is missing: a user whom only others have written.
      filter: { _id: after._id, presenceRev: before.presenceRev === 0 ? { $in: [0, null] } : before.presenceRev },
      update: Object.keys(unset).length > 0 ? { $set: set, $unset: unset } : { $set: set },
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
