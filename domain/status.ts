import type { ClaimState, Identity, Session, Status } from './types';

/** What follows from a user's sessions and active claim. */
export interface Presence {
  readonly status: Status;
  readonly statusConnection: Status;
}

/**
 * Reduces sessions to one connection status (contract 8.1): a session that is online wins; else the last
 * that is not offline, in stored order; none is offline.
 */
export function connectionStatus(sessions: readonly Pick<Session, 'status'>[]): Status {
  let reduced: Status = 'offline';
  for (const { status } of sessions) {
    if (status === 'online') return 'online';
    if (status === 'away' || status === 'busy') reduced = status;
  }
  return reduced;
}

/** Combines the connection status with the claimed default (contract 8.2). A missing default is online; so is what is none. */
export function displayStatus(connection: Status, statusDefault?: Status): Status {
  if (connection === 'offline') return 'offline';
  return statusDefault === 'away' || statusDefault === 'busy' || statusDefault === 'offline'
    ? statusDefault
    : connection;
}

/** Bots and apps: shown by their claim, for they hold no sessions (contract 8.3). */
export function isServiceUser(user: Identity): boolean {
  return user.type === 'bot' || user.type === 'app' || (user.roles?.includes('bot') ?? false);
}

/** A claim without a source is one all the same when its default is not the reset one. */
export function hasActiveClaim(claim: ClaimState): boolean {
  return claim.statusSource != null || (claim.statusDefault ?? 'online') !== 'online';
}

/**
 * The presence of a user: a function of state, never of what triggered it (contract 8.1–8.3; where
 * upstream depends on the trigger, W22 and W23, see docs/decisions/0001). Expiry is settled before
 * (`settleExpiry`), so that the claim given here is one that still holds.
 */
export function presenceOf(user: Identity & ClaimState, sessions: readonly Pick<Session, 'status'>[]): Presence {
  const statusConnection = connectionStatus(sessions);
  if (statusConnection === 'offline' && isServiceUser(user) && hasActiveClaim(user)) {
    return { status: displayStatus('online', user.statusDefault), statusConnection };
  }
  return { status: displayStatus(statusConnection, user.statusDefault), statusConnection };
}
