/**
 * The nouns of presence, in the shapes Rocket.Chat stores them (contract 5.2).
 *
 * session   one logged-in connection of a user, kept by the node (instance) it is attached to
 * lease     how long a session lives without a heartbeat
 * claim     somebody's word on a user's status ("in a meeting until 15:00"), with a source and perhaps an end
 * stash     the best of the claims that wait behind the active one (`previousState`), the one Rocket.Chat knows of
 * presence  what follows from sessions, claim and time: the status that is shown
 */

/** Statuses that presence stores; Rocket.Chat's enum also has `disabled`, which presence never stores. */
export const STATUSES = ['online', 'away', 'busy', 'offline'] as const;
export type Status = (typeof STATUSES)[number];

export const CLAIM_SOURCES = ['internal', 'manual', 'external'] as const;
export type ClaimSource = (typeof CLAIM_SOURCES)[number];

/** One entry of `usersSessions.connections`. */
export interface Session {
  readonly id: string;
  readonly instanceId: string;
  readonly status: Status;
  readonly _createdAt: Date;
  /** Last time the lease was refreshed. */
  readonly _updatedAt: Date;
}

export interface Claim {
  readonly statusDefault: Status;
  /** Absent: the text shown before stays. Empty: the text is cleared. */
  readonly statusText?: string;
  readonly statusSource?: ClaimSource;
  readonly statusExpiresAt?: Date;
  readonly statusId?: string;
}

/** The claim fields of a user document: the active claim and those that wait behind it. */
export interface ClaimState {
  readonly statusDefault?: Status;
  readonly statusText?: string;
  readonly statusSource?: ClaimSource;
  readonly statusExpiresAt?: Date;
  readonly statusId?: string;
  readonly previousState?: Claim;
  /** What waits behind `previousState`, the best first. A field of this service; Rocket.Chat has one place to wait. */
  readonly presenceWaiting?: readonly Claim[];
}

/** Who the user is: fields that presence shows or decides by, but that others own. */
export interface Identity {
  readonly username?: string;
  readonly name?: string;
  readonly type?: string;
  readonly roles?: readonly string[];
}

/** Why a user's presence changed; the strongest first, where one write has several reasons. */
export const CAUSES = [
  /** Somebody claimed a status, or ended a claim. */
  'claim',
  /** A login, a logout, a heartbeat, or a client that became idle. */
  'connection',
  /** The node that kept the session is gone. */
  'node-lost',
  /** The session's lease ended: no heartbeat for too long. */
  'lease',
  /** A claim's time was over. */
  'expiry',
  /** Somebody told who the user is. */
  'import',
  /** Somebody else wrote it past this service: Rocket.Chat's core, where that decides presence, or whoever. */
  'outside',
  /** Stored presence did not agree with stored sessions and claims, and was put right. */
  'reconcile',
] as const;
export type Cause = (typeof CAUSES)[number];

/** Why and when what is shown of a user last changed. */
export interface LastChange {
  readonly cause: Cause;
  /** The status before; absent for a user never seen before. */
  readonly from?: Status;
  readonly at: Date;
}

/** The presence part of a `users` document. */
export interface UserRecord extends ClaimState, Identity {
  readonly _id: string;
  readonly status?: Status;
  readonly statusConnection?: Status;
  /** The last change of what is shown. Absent where this service has made none yet. */
  readonly presenceChange?: LastChange;
  /** Counts presence writes; every write of presence is compare-and-set on it. 0 when never written. */
  readonly presenceRev: number;
}
