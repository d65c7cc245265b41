import type { ClaimSource, Status, UserRecord } from './types';

/** What is told of a user to whoever asks: presence, never the user document (design invariant 9). An empty text is absent. */
export interface PresenceView {
  readonly uid: string;
  readonly username?: string;
  readonly name?: string;
  readonly roles: readonly string[];
  readonly status: Status;
  /** What the sessions alone would show. */
  readonly statusConnection: Status;
  readonly statusText?: string;
  readonly statusSource?: ClaimSource;
  readonly statusExpiresAt?: Date;
  /** When what is shown last changed; absent where this service has not changed it yet. */
  readonly since?: Date;
  readonly rev: number;
}

/** `never-seen`: nothing is stored of such a user's presence. `store-unavailable`: it cannot be looked at now. */
export type UnknownReason = 'never-seen' | 'store-unavailable';

/** A status that cannot be known is said so, never guessed. */
export interface UnknownPresence {
  readonly uid: string;
  readonly status: 'unknown';
  readonly reason: UnknownReason;
}

/** @param user absent where none is stored */
export function viewOf(uid: string, user: UserRecord | undefined): PresenceView | UnknownPresence {
  if (user?.status === undefined) return unknown(uid, 'never-seen');
  const { username, name, roles = [], status, statusConnection, statusText, statusSource, statusExpiresAt } = user;
  return {
    uid,
    username: username || undefined,
    name: name || undefined,
    roles,
    status,
    statusConnection: statusConnection ?? 'offline',
    statusText: statusText || undefined,
    statusSource,
    statusExpiresAt,
    since: user.presenceChange?.at,
    rev: user.presenceRev,
  };
}

export function unknown(uid: string, reason: UnknownReason): UnknownPresence {
  return { uid, status: 'unknown', reason };
}
