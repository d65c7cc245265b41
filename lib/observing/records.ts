import type { PresenceChange } from '../../domain/presence';
import type { ClaimSource, UserRecord } from '../../domain/types';
import type { Observed } from '../store/observed-port';

/** Whoever the user is, as it is now: nobody is told of a name that changed. */
export function asRecord(
  { rev, status, at, from, ...shown }: Observed,
  { username, name, type, roles }: Partial<UserRecord>,
): UserRecord {
  const { _id, statusText, statusSource, statusExpiresAt } = shown;
  return {
    ...{ _id, username, name, type, roles, status, statusText, statusExpiresAt, presenceRev: rev },
    statusSource: statusSource as ClaimSource | undefined,
    ...(at && { presenceChange: { cause: 'outside' as const, from, at } }),
  };
}

export function changed(before: UserRecord, user: UserRecord, nowMs: number): UserRecord {
  const presenceChange = { cause: 'outside' as const, from: before.status, at: new Date(nowMs) };
  return { ...user, status: user.status ?? 'offline', presenceRev: before.presenceRev + 1, presenceChange };
}

/** The change that led to what was seen, as far as it was noted. */
export function changeTo(seen: Observed): PresenceChange {
  const after = asRecord(seen, {});
  return { before: { _id: seen._id, status: seen.from, presenceRev: seen.rev - 1 }, after };
}

export function stateOf({
  _id,
  status = 'offline',
  statusText,
  statusSource,
  statusExpiresAt,
  presenceRev,
}: UserRecord) {
  return { _id, status, statusText, statusSource, statusExpiresAt, ownRev: presenceRev };
}
