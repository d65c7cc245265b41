import { alike, sameDefault, sameText } from './alike';
import type { Claim, ClaimSource, ClaimState } from './types';

/** Claims that wait behind one user's active one; whoever needs more has made a mistake. */
export const MAX_WAITING = 1000;

const PRIORITY: Record<ClaimSource, number> = { internal: 1, manual: 2, external: 3 };
const NO_SOURCE_PRIORITY = 4;

/** Smaller wins (contract 8.4). */
export function priorityOf(source: ClaimSource | undefined): number {
  return (source && PRIORITY[source]) ?? NO_SOURCE_PRIORITY;
}

/** Strictly before now; a claim that ends at this very millisecond still holds (contract 8.4). */
export function isExpired(claim: { readonly statusExpiresAt?: Date }, nowMs: number): boolean {
  return claim.statusExpiresAt != null && claim.statusExpiresAt.getTime() < nowMs;
}

/** All that waits, the best first: what Rocket.Chat knows of (`previousState`), then what waits behind that. */
export function waitingOf({ previousState, presenceWaiting }: ClaimState): readonly Claim[] {
  if (previousState == null) return presenceWaiting ?? NOTHING;
  return presenceWaiting == null ? [previousState] : [previousState, ...presenceWaiting];
}

/** How these wait: `previousState` always is the best of them (docs/decisions/0010). */
export function waitingFields(waiting: readonly Claim[]): Pick<ClaimState, 'previousState' | 'presenceWaiting'> {
  const [best, ...others] = waiting;
  return { previousState: best, presenceWaiting: others.length > 0 ? others : undefined };
}

/** The strongest first, of equally strong ones as they are given; without those whose time is over. */
export function arranged(waiting: readonly Claim[], nowMs: number): readonly Claim[] {
  return waiting
    .filter((claim) => !isExpired(claim, nowMs))
    .sort((a, b) => priorityOf(a.statusSource) - priorityOf(b.statusSource));
}

/** Whether what Rocket.Chat takes for the waiting claim is over, while others behind it are not. */
export function isOvertaken({ previousState, presenceWaiting }: ClaimState, nowMs: number): boolean {
  if (presenceWaiting == null) return false;
  return previousState == null || isExpired(previousState, nowMs);
}

/** Without what is the same claim as this one. */
export function without(waiting: readonly Claim[], claim: Claim): readonly Claim[] {
  return waiting.some((one) => isSameClaim(one, claim)) ? waiting.filter((one) => !isSameClaim(one, claim)) : waiting;
}

/**
 * The same claim announced again replaces itself instead of waiting behind itself, where its end
 * would bring it back (docs/decisions/0002). What tells claims of one source apart is their id; without one they are told apart by
 * what they say if they are internal, and are the same if not: a user, or a calendar, that has changed its mind.
 */
export function isSameClaim(one: Partial<Claim>, claim: Claim): boolean {
  if (!alike(one.statusSource, claim.statusSource)) return false;
  if (claim.statusSource === 'manual') return true;
  if (one.statusId != null || claim.statusId != null) return one.statusId === claim.statusId;
  if (claim.statusSource !== 'internal') return true;
  return (
    sameDefault(one, claim) &&
    (claim.statusText == null || sameText(one, claim)) &&
    one.statusExpiresAt?.getTime() === claim.statusExpiresAt?.getTime()
  );
}

const NOTHING: readonly Claim[] = [];
