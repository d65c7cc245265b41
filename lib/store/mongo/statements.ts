import type { BulkWriteOperation, FilterQuery } from 'mongodb';
import { alike } from '../../../domain/alike';
import type { Session, UserRecord } from '../../../domain/types';
import { groupBy } from '../../group-by';
import type { PresenceWrite } from '../port';
import { IDENTITY_FIELDS, OWNED_FIELDS, type SessionsDocument, type UserDocument } from './documents';

/**
 * A bulk write tells how many were applied, not which. After a lost race the slots do: enough of them that
 * they outlast what other replicas write to one user within a round trip.
 */
const SLOTS = 8;
/**
 * So many changes that are the same are worth a statement that compares more than one revision. Measured: with 8, calls with
 * 64 in flight were a third slower; batches of the background (64) and the largest live ones gain.
 */
const WORTH_ONE_STATEMENT = 48;

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
 * Writes what has changed of users' presence where their revisions are still those of `before`: only fields that this service owns.
 * Changes that are the same of many users (their node is gone) are one statement: a database does that in two thirds of the time.
 *
 * @param batch noted in the slot of each revision: who made it
 */
export function userStatements(
  writes: readonly PresenceWrite[],
  batch: string,
  at: Date,
  ownsUsers: boolean,
): BulkWriteOperation<UserDocument>[] {
  const alikeOnes = groupBy(writes, (write) => JSON.stringify(changeOf(write, ownsUsers)));
  return [...alikeOnes.values()].flatMap((group) => {
    const [first] = group;
    const isFirstContact = ownsUsers && first!.before.presenceRev === 0;
    if (group.length >= WORTH_ONE_STATEMENT && !isFirstContact) {
      return [statementForAll(group, changeOf(first!, ownsUsers), batch, at)];
    }
    return group.map((write) => userStatement(write, batch, at, ownsUsers));
  });
}

/** The same of one user. */
export function userStatement(
  write: PresenceWrite,
  batch: string,
  at: Date,
  ownsUsers: boolean,
): BulkWriteOperation<UserDocument> {
  const { before, after } = write;
  const { set, unset } = changeOf(write, ownsUsers);
  const marks = { presenceRev: after.presenceRev, [`presenceBy.${slotOf(after)}`]: batch, _updatedAt: at };
  const gone: Record<string, true> = Object.fromEntries(unset.map((field) => [field, true]));
  return {
    updateOne: {
      // null matches a revision that is missing: a user whom only others have written.
      filter: { _id: after._id, presenceRev: before.presenceRev === 0 ? { $in: [0, null] } : before.presenceRev },
      update: unset.length > 0 ? { $set: { ...set, ...marks }, $unset: gone } : { $set: { ...set, ...marks } },
      upsert: ownsUsers && before.presenceRev === 0,
    },
  };
}

interface Change {
  readonly set: Readonly<Record<string, unknown>>;
  readonly unset: readonly string[];
}

function changeOf({ before, after }: PresenceWrite, ownsUsers: boolean): Change {
  const set: Record<string, unknown> = {};
  const unset: string[] = [];
  for (const field of ownsUsers ? [...OWNED_FIELDS, ...IDENTITY_FIELDS] : OWNED_FIELDS) {
    if (after[field] == null) {
      if (before[field] != null) unset.push(field);
    } else if (before.presenceRev === 0 || !sameValue(before[field], after[field])) set[field] = after[field];
  }
  return { set, unset };
}

/** Each user's revision is found by his place in the list; what is set is told literally, for a text may begin with a `$`. */
function statementForAll(
  writes: readonly PresenceWrite[],
  { set, unset }: Change,
  batch: string,
  at: Date,
): BulkWriteOperation<UserDocument> {
  const uids = writes.map(({ before }) => before._id);
  const place = { $indexOfArray: [literal(uids), '$_id'] };
  const revBefore = { $arrayElemAt: [literal(writes.map(({ before }) => before.presenceRev)), place] };
  const rev = { $ifNull: ['$presenceRev', 0] };
  const revAfter = { $add: [rev, 1] };
  const slot = { k: { $toString: { $mod: [revAfter, SLOTS] } }, v: literal(batch) };
  const fields: Record<string, unknown> = {
    presenceRev: revAfter,
    presenceBy: { $mergeObjects: ['$presenceBy', { $arrayToObject: [[slot]] }] },
    _updatedAt: literal(at),
  };
  for (const [field, value] of Object.entries(set)) fields[field] = literal(value);
  for (const field of unset) fields[field] = '$$REMOVE';
  const filter: object = { _id: { $in: uids }, $expr: { $eq: [rev, revBefore] } };
  // The driver's types know no update that is a pipeline.
  return { updateMany: { filter, update: [{ $set: fields }] as object } };
}

function literal(value: unknown): object {
  return { $literal: value };
}

/** Where a user document tells who made the revision of a record. */
export function slotOf({ presenceRev }: UserRecord): string {
  return String(presenceRev % SLOTS);
}

function sameValue(a: unknown, b: unknown): boolean {
  return alike(a, b) || (a != null && b != null && JSON.stringify(a) === JSON.stringify(b));
}
