import { NO_LOST, type LostSession } from '../../../domain/lost-sessions';
import { NO_TOMBSTONES, type Tombstone } from '../../../domain/removals';
import {
  CAUSES,
  CLAIM_SOURCES,
  STATUSES,
  type Claim,
  type LastChange,
  type Session,
  type UserRecord,
} from '../../../domain/types';
import { revisionOf } from './revision';

/** A `usersSessions` document (contract 5.2) and the revision that every session write of ours increments. */
export interface SessionsDocument {
  readonly _id: string;
  readonly connections?: readonly Session[];
  /** Absent where only upstream has written. */
  readonly rev?: number;
  /** What removals of the last minutes have left (decision 0016). Absent where there were none. */
  readonly tombstones?: readonly Tombstone[];
  /** Sessions that were lost with their node (decision 0007). Absent where there were none. */
  readonly lost?: readonly LostSession[];
}

/** What is looked for in `users`, besides what is read of them. */
export interface UserDocument {
  readonly _id: string;
  readonly statusExpiresAt?: Date;
  readonly presenceRev?: number | null;
  /** Who made the last few revisions: slot `rev % SLOTS` holds the batch that wrote it. */
  readonly presenceBy?: Record<string, string>;
}

/** What is read of `users`: the presence part, never the rest of the document. */
export const USER_PROJECTION = {
  username: 1,
  name: 1,
  type: 1,
  roles: 1,
  status: 1,
  statusConnection: 1,
  statusDefault: 1,
  statusText: 1,
  statusSource: 1,
  statusExpiresAt: 1,
  statusId: 1,
  previousState: 1,
  presenceWaiting: 1,
  presenceChange: 1,
  presenceRev: 1,
} as const;

/** The fields this service owns in `users`; no other is ever written (contract 5.2, 10.6). */
export const OWNED_FIELDS = [
  'status',
  'statusConnection',
  'statusDefault',
  'statusText',
  'statusSource',
  'statusExpiresAt',
  'statusId',
  'previousState',
  'presenceWaiting',
  'presenceChange',
] as const;

/** Who the user is: written only where the users are our own. */
export const IDENTITY_FIELDS = ['username', 'name', 'type', 'roles'] as const;

type Raw = Record<string, unknown>;

/** What a database may hold in a field of a user, as the rules take it; undefined: nothing that is of use. */
const READERS: Readonly<Record<keyof typeof USER_PROJECTION, (value: unknown) => unknown>> = {
  username: textOf,
  name: textOf,
  type: textOf,
  roles: (value) =>
    Array.isArray(value) ? (value as unknown[]).filter((role) => typeof role === 'string') : undefined,
  status: wordOf(STATUSES),
  statusConnection: wordOf(STATUSES),
  statusDefault: wordOf(STATUSES),
  statusText: textOf,
  statusSource: wordOf(CLAIM_SOURCES),
  statusExpiresAt: dateOf,
  statusId: textOf,
  previousState: claimOf,
  presenceWaiting: (value) => {
    const claims = Array.isArray(value) ? (value as unknown[]).flatMap((one) => claimOf(one) ?? []) : [];
    return claims.length > 0 ? claims : undefined;
  },
  presenceChange: lastChangeOf,
  presenceRev: revisionOf,
};
const FIELDS = Object.entries(READERS);

/** Fields of a user that hold what is of no use; the next write takes them away or puts them right. */
const MALFORMED = new WeakMap<UserRecord, readonly string[]>();
const NONE: readonly string[] = [];

/** Fields that hold something in the database, and nothing in the record that was read of it. */
export function malformedIn(user: UserRecord): readonly string[] {
  return MALFORMED.get(user) ?? NONE;
}

/** A user as the rules take it; what a database may hold besides (nulls, texts for dates) counts as absent. */
export function userOf(document: Raw): UserRecord {
  const user: Raw = { _id: document._id, presenceRev: 0 };
  let malformed = NONE;
  for (const [field, read] of FIELDS) {
    const stored = document[field];
    if (stored == null) continue;
    const value = read(stored);
    if (value === undefined) malformed = [...malformed, field];
    else user[field] = value;
  }
  const record = user as unknown as UserRecord; // every field has passed its reader
  if (malformed.length > 0) MALFORMED.set(record, malformed);
  return record;
}

/** The entries that are sessions; times that are none are left out of them. */
export function sessionsOf(document: SessionsDocument | undefined): readonly Session[] {
  const connections: unknown = document?.connections;
  if (!Array.isArray(connections)) return [];
  const entries = connections as (Partial<Session> | null)[];
  return entries.every(isWhole) ? entries : entries.filter(isSession).map(withoutFalseTimes);
}

function isSession(entry: Partial<Session> | null): entry is Session {
  return typeof entry?.id === 'string';
}

function isWhole(entry: Partial<Session> | null): entry is Session {
  return isSession(entry) && isDateOrAbsent(entry._updatedAt) && isDateOrAbsent(entry._createdAt);
}

/** As where a database holds no time: the rules know such sessions. */
function withoutFalseTimes(session: Session): Session {
  const { _createdAt, _updatedAt, ...others } = session;
  const times = { ...(isDate(_createdAt) && { _createdAt }), ...(isDate(_updatedAt) && { _updatedAt }) };
  return { ...others, ...times } as Session;
}

function isDateOrAbsent(value: unknown): boolean {
  return value == null || isDate(value);
}

/** The entries that are tombstones. */
export function tombstonesOf(document: SessionsDocument | undefined): readonly Tombstone[] {
  const entries: unknown = document?.tombstones;
  if (!Array.isArray(entries) || entries.length === 0) return NO_TOMBSTONES;
  return (entries as (Partial<Tombstone> | null)[]).filter((entry): entry is Tombstone => {
    return typeof entry?.id === 'string' && typeof entry.removal === 'string' && isDate(entry.at);
  });
}

/** The entries that are lost sessions. */
export function lostOf(document: SessionsDocument | undefined): readonly LostSession[] {
  const entries: unknown = document?.lost;
  if (!Array.isArray(entries) || entries.length === 0) return NO_LOST;
  return (entries as (Partial<LostSession> | null)[]).filter((entry): entry is LostSession => {
    return typeof entry?.id === 'string' && typeof entry.process === 'string' && isDate(entry.lostAt);
  });
}

function claimOf(value: unknown): Claim | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const claim: Raw = {};
  for (const field of CLAIM_FIELDS) {
    const member = (value as Raw)[field];
    const read = member == null ? undefined : READERS[field](member);
    if (read !== undefined) claim[field] = read;
  }
  return claim.statusDefault === undefined ? undefined : (claim as unknown as Claim); // every field has passed its reader
}

const CLAIM_FIELDS = ['statusDefault', 'statusText', 'statusSource', 'statusExpiresAt', 'statusId'] as const;

function lastChangeOf(value: unknown): LastChange | undefined {
  const { cause, from, at } = value as Partial<LastChange>;
  if (!cause || !CAUSES.includes(cause) || !isDate(at)) return undefined;
  return wordOf(STATUSES)(from) === undefined ? { cause, at } : { cause, from, at };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function dateOf(value: unknown): Date | undefined {
  return isDate(value) ? value : undefined;
}

function wordOf(words: readonly string[]): (value: unknown) => string | undefined {
  return (value) => words.find((word) => word === value);
}

/** Whatever a database may hold, this is a date and one that is a time. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]' && !Number.isNaN((value as Date).getTime());
}
