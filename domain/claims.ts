import { alike } from './alike';
import type { Claim, ClaimSource, ClaimState } from './types';

/** What a caller may ask of a user's claims (contract 2.1, 8.4). */
export type ClaimRequest =
  | { readonly kind: 'setActive'; readonly claim: Claim }
  | { readonly kind: 'endActive'; readonly statusId?: string }
  | { readonly kind: 'clearActive' };

/** `state` is the very object that was given when nothing changed. */
export interface ClaimOutcome {
  readonly accepted: boolean;
  readonly state: ClaimState;
}

const PRIORITY: Record<ClaimSource, number> = { internal: 1, manual: 2, external: 3 };
const NO_SOURCE_PRIORITY = 4;

/** Smaller wins (contract 8.4). */
function priorityOf(source: ClaimSource | undefined): number {
  return (source && PRIORITY[source]) ?? NO_SOURCE_PRIORITY;
}

/** Strictly before now; a claim that ends at this very millisecond still holds (contract 8.4). */
export function isExpired(claim: { readonly statusExpiresAt?: Date }, nowMs: number): boolean {
  return claim.statusExpiresAt != null && claim.statusExpiresAt.getTime() < nowMs;
}

/** Applies one request by rows C1–C10 of contract 8.4. Pure; a rejected request leaves the state as it is. */
export function applyClaim(state: ClaimState, request: ClaimRequest, nowMs: number): ClaimOutcome {
  switch (request.kind) {
    case 'clearActive':
      return accept(state, CLEARED); // C1
    case 'setActive':
      return setActive(state, request.claim, nowMs);
    case 'endActive':
      return endActive(state, request.statusId, nowMs);
  }
}

/** Ends an active claim whose time is over, as `endActive` would; otherwise returns the very same state. */
export function settleExpiry(state: ClaimState, nowMs: number): ClaimState {
  return isExpired(state, nowMs) ? endActive(state, undefined, nowMs).state : state;
}

const CLEARED: ClaimState = { statusDefault: 'online', statusText: '' };

function setActive(state: ClaimState, claim: Claim, nowMs: number): ClaimOutcome {
  if (state.statusDefault === 'offline' && claim.statusSource !== 'manual') return reject(state); // C2
  if (priorityOf(claim.statusSource) <= priorityOf(state.statusSource)) {
    const stash = claim.statusSource === 'manual' ? undefined : stashBehind(state, claim); // C3a–C3c
    return accept(state, activated(claim, claim.statusText ?? state.statusText, stash));
  }
  const stash = state.previousState;
  const takesStash = // C4, C5
    stash == null || isExpired(stash, nowMs) || priorityOf(claim.statusSource) <= priorityOf(stash.statusSource);
  return takesStash ? accept(state, { ...state, previousState: pickClaim(claim) }) : reject(state); // C6
}

/** What waits behind `claim` once it is active: what was active (C3b), or what waited already (C3c). */
function stashBehind(state: ClaimState, claim: Claim): Claim | undefined {
  const stacks =
    state.statusSource != null && (state.statusSource !== claim.statusSource || claim.statusSource === 'internal');
  if (!stacks || isSameClaim(state, claim)) return state.previousState;
  return pickClaim({ ...state, statusDefault: state.statusDefault ?? 'online', statusText: state.statusText ?? '' });
}

/**
 * The same claim announced again replaces itself instead of waiting behind itself, where its end
 * would bring it back (docs/decisions/0002).
 */
function isSameClaim(state: ClaimState, claim: Claim): boolean {
  if (state.statusSource !== claim.statusSource) return false;
  if (state.statusId != null || claim.statusId != null) return state.statusId === claim.statusId;
  return (
    state.statusDefault === claim.statusDefault &&
    (claim.statusText == null || state.statusText === claim.statusText) &&
    state.statusExpiresAt?.getTime() === claim.statusExpiresAt?.getTime()
  );
}

function endActive(state: ClaimState, statusId: string | undefined, nowMs: number): ClaimOutcome {
  const stash = state.previousState;
  if (statusId != null && statusId !== state.statusId) {
    if (stash == null || stash.statusId !== statusId) return reject(state); // C8
    return accept(state, { ...state, previousState: undefined }); // C7
  }
  if (stash == null || isExpired(stash, nowMs)) return accept(state, CLEARED); // C10
  return accept(state, activated(stash, stash.statusText ?? '', undefined)); // C9
}

function activated(claim: Claim, statusText: string | undefined, previousState: Claim | undefined): ClaimState {
  return withoutAbsent({ ...pickClaim(claim), statusText, previousState });
}

function pickClaim(claim: Claim): Claim {
  const { statusDefault, statusText, statusSource, statusExpiresAt, statusId } = claim;
  return withoutAbsent({ statusDefault, statusText, statusSource, statusExpiresAt, statusId });
}

/** Absent fields are left out: an `undefined` handed to a database would be stored as null (contract 5.4). */
function withoutAbsent<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as T;
}

function accept(before: ClaimState, after: ClaimState): ClaimOutcome {
  const state = withoutAbsent(after);
  return { accepted: true, state: sameClaims(before, state) ? before : state };
}

function reject(state: ClaimState): ClaimOutcome {
  return { accepted: false, state };
}

/** Whether two states hold the same claims; `null` and absent are alike (contract 5.4). */
export function sameClaims(a: ClaimState, b: ClaimState): boolean {
  return sameClaim(a, b) && sameStash(a.previousState, b.previousState);
}

function sameStash(a: Claim | undefined, b: Claim | undefined): boolean {
  if (a == null || b == null) return alike(a, b);
  return sameClaim(a, b);
}

function sameClaim(a: Partial<Claim>, b: Partial<Claim>): boolean {
  return (
    alike(a.statusDefault, b.statusDefault) &&
    alike(a.statusText, b.statusText) &&
    alike(a.statusSource, b.statusSource) &&
    alike(a.statusId, b.statusId) &&
    alike(a.statusExpiresAt?.getTime(), b.statusExpiresAt?.getTime())
  );
}
