import type { BulkWriteOperation } from 'mongodb';
import type { LostSession } from '../../../domain/lost-sessions';
import type { Tombstone } from '../../../domain/removals';
import type { Session, UserRecord } from '../../../domain/types';
import { groupBy } from '../../group-by';
import type { PresenceWrite } from '../port';
import { IS_COUNTED, revisionIn, revisionOf } from './revision';
import { IDENTITY_FIELDS, malformedIn, OWNED_FIELDS, type SessionsDocument, type UserDocument } from './documents';
import { sameValue, sharedStatements, type Change } from './shared-statement';

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
  /** What removals have left; absent: nothing. */
  readonly tombstones?: readonly Tombstone[];
  /** Sessions lost with their node; absent: none. */
  readonly lost?: readonly LostSession[];
}

export interface SessionsWrite {
  /** The document as it was read; absent where there was none. */
  readonly stored: SessionsDocument | undefined;
  readonly after: SessionsAfter;
}

const NO_ENTRIES = -1;
/**
 * What is compared of a sessions document: its revision, and the number of its entries. That one guards against a writer that
 * counts no revision: upstream's own service, while both run during a migration.
 */
const SESSIONS_AS_READ = [
  revisionIn('rev'),
  { $cond: [{ $isArray: '$connections' }, { $size: '$connections' }, NO_ENTRIES] },
];

/** Writes users' sessions, each user's if they are still as read. */
export function sessionsStatements(writes: readonly SessionsWrite[]): BulkWriteOperation<SessionsDocument>[] {
  const created: BulkWriteOperation<SessionsDocument>[] = [];
  const changed: FieldsChange[] = [];
  for (const { stored, after } of writes) {
    if (stored) changed.push(sessionsChange(stored, after));
    else created.push(createdSessions(after));
  }
  return [...created, ...alikeStatements<SessionsDocument>(changed, SESSIONS_AS_READ)];
}

function sessionsChange(stored: SessionsDocument, after: SessionsAfter): FieldsChange {
  const { rev, connections } = stored;
  const size = Array.isArray(connections) ? connections.length : NO_ENTRIES;
  const set = sessionsFields(after);
  return {
    id: after.uid,
    asRead: [revisionOf(rev), size],
    set,
    unset: LEFT.filter((field) => stored[field] !== undefined && set[field] === undefined),
  };
}

function createdSessions(after: SessionsAfter): BulkWriteOperation<SessionsDocument> {
  // Matches nothing: the upsert runs into a document that was made meanwhile.
  const filter = { _id: after.uid, rev: -1 };
  return { updateOne: { filter, update: { $set: sessionsFields(after) }, upsert: true } };
}

/** Lists that are there only while they hold something. */
const LEFT = ['tombstones', 'lost'] as const;

function sessionsFields(after: SessionsAfter): Partial<SessionsDocument> {
  const { sessions, sessionsRev, tombstones = [], lost = [] } = after;
  return {
    connections: [...sessions],
    rev: sessionsRev,
    ...(tombstones.length > 0 && { tombstones: [...tombstones] }),
    ...(lost.length > 0 && { lost: [...lost] }),
  };
}

/** All changes of a statement are of the same fields. */
function alikeStatements<T>(changes: readonly FieldsChange[], comparisons: readonly object[]): BulkWriteOperation<T>[] {
  const alikeOnes = groupBy(changes, ({ set, unset }) => JSON.stringify([Object.keys(set), unset]));
  return [...alikeOnes.values()].flatMap((group) => {
    return sharedStatements<T>(group, { comparisons, unset: group[0]!.unset });
  });
}

const USER_AS_READ = [revisionIn('presenceRev')];

/**
 * Writes what has changed of users' presence where their revisions are still those of `before`: only fields that this service owns.
 *
 * @param batch noted in the slot of each revision: who made it
 * @param ownsUsers whether the users are our own: then who they are is written too, and one nobody knew is created
 */
export function userStatements(
  writes: readonly PresenceWrite[],
  batch: string,
  at: Date,
  ownsUsers: boolean,
): BulkWriteOperation<UserDocument>[] {
  const created: BulkWriteOperation<UserDocument>[] = [];
  const changed: FieldsChange[] = [];
  for (const write of writes) {
    if (ownsUsers && write.before.presenceRev === 0 && !write.existed) created.push(createdUser(write, batch, at));
    else changed.push(userChange(write, batch, at, ownsUsers));
  }
  return [...created, ...alikeStatements<UserDocument>(changed, USER_AS_READ)];
}

interface FieldsChange extends Change {
  readonly unset: readonly string[];
}

function userChange(write: PresenceWrite, batch: string, at: Date, ownsUsers: boolean): FieldsChange {
  const { before, after } = write;
  const { set, unset } = fieldsOf(write, ownsUsers);
  return {
    id: after._id,
    asRead: [before.presenceRev],
    set: { ...set, presenceRev: after.presenceRev, _updatedAt: at },
    merge: { presenceBy: { [slotOf(after)]: batch } },
    unset,
  };
}

function createdUser(write: PresenceWrite, batch: string, at: Date): BulkWriteOperation<UserDocument> {
  const { after } = write;
  const { set, unset } = fieldsOf(write, true);
  const gone: Record<string, true> = Object.fromEntries(unset.map((field) => [field, true]));
  const marks = { presenceRev: after.presenceRev, presenceBy: { [slotOf(after)]: batch }, _updatedAt: at };
  return {
    updateOne: {
      // Another writer may have made the document, which has no revision then. The driver's types know no list of types.
      filter: { _id: after._id, presenceRev: { $not: IS_COUNTED } } as object,
      update: { $set: { ...set, ...marks }, ...(unset.length > 0 ? { $unset: gone } : {}) },
      upsert: true,
    },
  };
}

interface Fields {
  readonly set: Readonly<Record<string, unknown>>;
  readonly unset: readonly string[];
}

/** The fields of ours that a write changes; of a user we have never written, all that there are. */
function fieldsOf({ before, after }: PresenceWrite, ownsUsers: boolean): Fields {
  const set: Record<string, unknown> = {};
  const unset: string[] = [];
  const malformed = malformedIn(before);
  for (const field of ownsUsers ? [...OWNED_FIELDS, ...IDENTITY_FIELDS] : OWNED_FIELDS) {
    if (after[field] == null) {
      if (before[field] != null || malformed.includes(field)) unset.push(field);
    } else if (before.presenceRev === 0 || !sameValue(before[field], after[field])) set[field] = after[field];
  }
  return { set, unset };
}

/** Where a user document tells who made the revision of a record. */
export function slotOf({ presenceRev }: UserRecord): string {
  return String(presenceRev % SLOTS);
}
