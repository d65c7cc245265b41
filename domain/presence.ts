import { alike } from './alike';
import { stronger } from './causes';
import { applyClaim, sameClaims, settleExpiry, type ClaimRequest } from './claims';
import { withWrittenStatus } from './held-claims';
import { isServiceUser, presenceOf } from './status';
import type { Cause, ClaimState, Identity, Session, Status, UserRecord } from './types';

/** One user's presence as decided now, next to what it was. */
export interface Decision {
  readonly before: UserRecord;
  /** The very object `before` when nothing that is stored differs. */
  readonly after: UserRecord;
  /** For each request given, in order: whether it was accepted. */
  readonly accepted: readonly boolean[];
}

/** A user's presence as written: what is shown differs. */
export interface PresenceChange {
  readonly before: UserRecord;
  readonly after: UserRecord;
}

/** What `presence.status` tells of a user (design invariant 9, contract 4.2), and nothing else. An empty text is absent. */
export interface ShownUser {
  readonly _id: string;
  readonly username?: string;
  readonly name?: string;
  readonly status?: Status;
  readonly statusText?: string;
  readonly statusSource?: string;
  readonly statusExpiresAt?: Date;
  readonly roles: readonly string[];
}

/**
 * Decides a user's presence from the stored state, the claims asked for and the time. Expired claims
 * are settled first, so that any recompute gives the same answer (design invariant 1).
 *
 * @param cause of what is asked; noted with what is shown, if that changes
 */
export function decide(
  user: UserRecord,
  sessions: readonly Session[],
  requests: readonly ClaimRequest[],
  identity: Identity | undefined,
  nowMs: number,
  cause: Cause = 'reconcile',
): Decision {
  const written = withWrittenStatus(user);
  const settled = settleExpiry(written, nowMs);
  const who = identity ? { ...identityOf(user), ...identity } : user;
  let claims = settled;
  const accepted = requests.map((request) => {
    const outcome = applyClaim(claims, request, nowMs, isServiceUser(who));
    claims = outcome.state;
    return outcome.accepted;
  });
  // Most decisions find nothing new (a heartbeat): those must not cost a copy of the user.
  const asIs = claims === user && who === user;
  const presence = presenceOf(asIs ? user : { ...claimsOf(claims), type: who.type, roles: who.roles }, sessions);
  const unchanged =
    user.status === presence.status &&
    user.statusConnection === presence.statusConnection &&
    (claims === user || sameClaims(user, claims)) &&
    (identity === undefined || sameIdentity(user, who));
  if (unchanged) return { before: user, after: user, accepted };
  const after: UserRecord = {
    _id: user._id,
    ...identityOf(who),
    ...claimsOf(claims),
    ...presence,
    presenceChange: user.presenceChange,
    presenceRev: user.presenceRev + 1,
  };
  if (!isShownChange(user, after)) return { before: user, after, accepted };
  const because = settled === written ? cause : stronger(cause, 'expiry');
  const presenceChange = { cause: because, from: user.status, at: new Date(nowMs) };
  return { before: user, after: { ...after, presenceChange }, accepted };
}

/** A user nobody has told about yet: named by its id, offline, without claims. */
export function firstContact(uid: string): UserRecord {
  return { _id: uid, username: uid, type: 'user', roles: [], presenceRev: 0 };
}

export function shownOf(user: UserRecord): ShownUser {
  const { _id, username, name, status, statusText, statusSource, statusExpiresAt, roles } = user;
  return {
    ...{ _id, status, statusSource, statusExpiresAt },
    username: username || undefined,
    name: name || undefined,
    statusText: statusText || undefined,
    roles: roles ?? [],
  };
}

/** A decision after somebody else has written what is shown: it is noted as a change even where it is as it should be. */
export function seenOutside({ before, after, accepted }: Decision, nowMs: number): Decision {
  if (before.status === undefined || isShownChange(before, after)) return { before, after, accepted };
  const presenceChange = { cause: 'outside' as const, from: before.status, at: new Date(nowMs) };
  return { before, after: { ...after, presenceRev: before.presenceRev + 1, presenceChange }, accepted };
}

/** A real change: a field of what is shown differs. A change of the stash alone shows nothing. */
export function isShownChange(before: UserRecord, after: UserRecord): boolean {
  const [was, is] = [shownOf(before), shownOf(after)];
  return (
    was.status !== is.status ||
    !alike(was.statusText, is.statusText) ||
    !alike(was.statusSource, is.statusSource) ||
    !alike(was.statusExpiresAt?.getTime(), is.statusExpiresAt?.getTime()) ||
    !alike(was.username, is.username) ||
    !alike(was.name, is.name) ||
    !sameRoles(was.roles, is.roles)
  );
}

function claimsOf(state: ClaimState): ClaimState {
  const { statusDefault, statusText, statusSource, statusExpiresAt, statusId, previousState, presenceWaiting } = state;
  return { statusDefault, statusText, statusSource, statusExpiresAt, statusId, previousState, presenceWaiting };
}

function identityOf(user: Identity): Identity {
  const { username, name, type, roles } = user;
  return { username, name, type, roles };
}

function sameIdentity(a: Identity, b: Identity): boolean {
  return (
    alike(a.username, b.username) &&
    alike(a.name, b.name) &&
    alike(a.type, b.type) &&
    sameRoles(a.roles ?? [], b.roles ?? [])
  );
}

function sameRoles(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((role, i) => role === b[i]);
}
