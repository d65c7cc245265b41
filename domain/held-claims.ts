import { settleExpiry } from './claims';
import { hasActiveClaim, isServiceUser } from './status';
import type { ClaimState, Identity, UserRecord } from './types';

/** A user as stored, as far as their claims follow from it. */
type Stored = ClaimState & Identity & Pick<UserRecord, 'status' | 'statusConnection'>;

/**
 * The claims of a user that hold at this time, whatever was stored: expired ones are settled, and a status that another
 * writer gave to a service user is a claim. Pure; the very same object where both find nothing.
 */
export function heldClaims(user: Stored, nowMs: number): ClaimState {
  return settleExpiry(withWrittenStatus(user), nowMs);
}

/**
 * Operators set bots online by writing `status` into the database (contract 8.3). Each write of this service stores a status
 * together with what it follows from. So a service user who is shown without a claim, and whose stored sessions do not
 * show them either, was set so by another writer; that is taken for a claim of the user's own (docs/decisions/0001).
 */
export function withWrittenStatus(user: Stored): ClaimState {
  const { status, statusConnection = 'offline' } = user;
  const isShown = status === 'online' || status === 'away' || status === 'busy';
  if (!isShown || statusConnection !== 'offline' || hasActiveClaim(user) || !isServiceUser(user)) return user;
  return { ...user, statusDefault: status, statusSource: 'manual' };
}
