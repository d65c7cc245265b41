import { NO_LOST, type LostSession } from '../../../domain/lost-sessions';
import { NO_TOMBSTONES, type Tombstone } from '../../../domain/removals';
import { STATUSES, type Claim, type Session, type Status, type UserRecord } from '../../../domain/types';

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

/** A user as the rules take it; what a database may hold besides (nulls, texts for dates) counts as absent. */
export function userOf(document: Raw): UserRecord {
  const user: Raw = {};
  for (const key of ['_id', ...Object.keys(USER_PROJECTION)]) if (document[key] != null) user[key] = document[key];
  if (!Array.isArray(user.roles)) delete user.roles;
  if (user.statusDefault !== undefined && !isStatus(user.statusDefault)) delete user.statusDefault;
  if (!isDate(user.statusExpiresAt)) delete user.statusExpiresAt;
  const stash = user.previousState === undefined ? undefined : claimOf(user.previousState);
  if (stash) user.previousState = stash;
  else delete user.previousState;
  const others = Array.isArray(user.presenceWaiting) ? user.presenceWaiting.flatMap((one) => claimOf(one) ?? []) : [];
  if (others.length > 0) user.presenceWaiting = others;
  else delete user.presenceWaiting;
  if (!isDate((user.presenceChange as { at?: unknown } | undefined)?.at)) delete user.presenceChange;
  user.presenceRev = typeof document.presenceRev === 'number' ? document.presenceRev : 0;
  return user as unknown as UserRecord;
}

/** The entries that are sessions. */
export function sessionsOf(document: SessionsDocument | undefined): readonly Session[] {
  const connections: unknown = document?.connections;
  if (!Array.isArray(connections)) return [];
  const entries = connections as (Partial<Session> | null)[];
  const isSession = (entry: Partial<Session> | null): entry is Session => typeof entry?.id === 'string';
  return entries.every(isSession) ? entries : entries.filter(isSession);
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
  const claim: Raw = Object.fromEntries(Object.entries(value).filter(([, member]) => member != null));
  if (!isStatus(claim.statusDefault)) return undefined;
  if (!isDate(claim.statusExpiresAt)) delete claim.statusExpiresAt;
  return claim as unknown as Claim;
}

function isStatus(value: unknown): value is Status {
  return (STATUSES as readonly unknown[]).includes(value);
}

/** Whatever a database may hold, this is a date and one that is a time. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]' && !Number.isNaN((value as Date).getTime());
}
