import { alike, sameDefault, sameText, withoutAbsent } from './alike';
import type { Claim, ClaimState } from './types';
import {
  arranged,
  isExpired,
  isOvertaken,
  isSameClaim,
  MAX_WAITING,
  priorityOf,
  waitingFields,
  waitingOf,
  without,
} from './waiting';

/** What a caller may ask of a user's claims (contract 2.1, 8.4). */
export type ClaimRequest =
  | { readonly kind: 'setActive'; readonly claim: Claim }
  /** `setStatus` with `online` and no text: takes every claim back. A service user, who has no sessions, is online by it. */
  | { readonly kind: 'setOnline'; readonly statusExpiresAt?: Date }
  /** `setStatus` with a text alone: the status stays as it is. */
  | { readonly kind: 'setText'; readonly statusText: string; readonly statusExpiresAt?: Date }
  | { readonly kind: 'endActive'; readonly statusId?: string }
  | { readonly kind: 'clearActive' };

/** `state` is the very object that was given when nothing changed. */
export interface ClaimOutcome {
  readonly accepted: boolean;
  readonly state: ClaimState;
}

/**
 * Applies one request by rows C1–C10 of contract 8.4. Pure; a rejected request leaves the state as it is.
 *
 * @param isServiceUser a bot or an app: to be online is a claim of theirs, for they have no sessions (docs/decisions/0001)
 */
export function applyClaim(
  state: ClaimState,
  request: ClaimRequest,
  nowMs: number,
  isServiceUser = false,
): ClaimOutcome {
  switch (request.kind) {
    case 'clearActive':
      return accept(state, CLEARED); // C1
    case 'setActive':
      return setActive(state, isServiceUser ? withSource(request.claim) : request.claim, nowMs);
    case 'setOnline': {
      const { statusExpiresAt } = request;
      return accept(state, isServiceUser ? withSource({ ...ONLINE, statusExpiresAt }) : CLEARED);
    }
    case 'setText':
      return setText(state, request);
    case 'endActive':
      return endActive(state, request.statusId, nowMs);
  }
}

/**
 * Ends an active claim whose time is over, as `endActive` would, and lets the best of what waits come first where another's
 * time is over; otherwise returns the very same state.
 */
export function settleExpiry(state: ClaimState, nowMs: number): ClaimState {
  if (isExpired(state, nowMs)) return endActive(state, undefined, nowMs).state;
  if (!isOvertaken(state, nowMs)) return state;
  return withWaiting(state, arranged(waitingOf(state), nowMs));
}

const ONLINE = { statusDefault: 'online', statusText: '' } as const;
const CLEARED: ClaimState = ONLINE;

/** A claim to be online is none without a source: then the default is as after a reset (`hasActiveClaim`). */
function withSource(claim: Claim): Claim {
  return claim.statusDefault === 'online' && claim.statusSource == null ? { ...claim, statusSource: 'manual' } : claim;
}

/** The text of the active claim, or the user's own where there is none. The end of another's claim stays. */
function setText(state: ClaimState, { statusText, statusExpiresAt }: ClaimRequest & { kind: 'setText' }): ClaimOutcome {
  const isOwn = state.statusSource == null || state.statusSource === 'manual';
  const ends = isOwn && statusExpiresAt ? { statusExpiresAt } : {};
  return accept(state, { ...state, statusText, ...ends });
}

function setActive(state: ClaimState, claim: Claim, nowMs: number): ClaimOutcome {
  if (state.statusDefault === 'offline' && claim.statusSource !== 'manual') return reject(state); // C2
  if (priorityOf(claim.statusSource) <= priorityOf(state.statusSource)) {
    const waiting = claim.statusSource === 'manual' ? [] : behind(state, claim, nowMs); // C3a–C3c
    return accept(state, activated(claim, claim.statusText ?? state.statusText, waiting));
  }
  // C4–C6, but that what gives way goes on waiting, and what is weaker waits behind it (W25).
  const waiting = arranged([pickClaim(claim), ...without(waitingOf(state), claim)], nowMs);
  return waiting.length > MAX_WAITING ? reject(state) : accept(state, withWaiting(state, waiting));
}

/** What waits once `claim` is active: what was active too (C3b), or only what waited already (C3c). */
function behind(state: ClaimState, claim: Claim, nowMs: number): readonly Claim[] {
  const waiting = waitingOf(state);
  const others = without(waiting, claim);
  // One voice that says something else (C3c); unless it is two: the other one was already there, waiting.
  const isUpdate = state.statusSource === claim.statusSource && claim.statusSource !== 'internal' && others === waiting;
  if (state.statusSource == null || isUpdate || isSameClaim(state, claim)) {
    return arranged(others, nowMs); // behind the one that comes active there may be one whose time is over
  }
  const { statusDefault = 'online', statusText = '' } = state;
  return arranged([pickClaim({ ...state, statusDefault, statusText }), ...others], nowMs).slice(0, MAX_WAITING);
}

function endActive(state: ClaimState, statusId: string | undefined, nowMs: number): ClaimOutcome {
  const waiting = waitingOf(state);
  if (statusId != null && statusId !== state.statusId) {
    const ended = waiting.findIndex((claim) => claim.statusId === statusId);
    if (ended < 0) return reject(state); // C8
    return accept(state, withWaiting(state, arranged(waiting.toSpliced(ended, 1), nowMs))); // C7
  }
  const [best, ...others] = arranged(waiting, nowMs);
  if (best === undefined) return accept(state, CLEARED); // C10
  return accept(state, activated(best, best.statusText ?? '', others)); // C9
}

function activated(claim: Claim, statusText: string | undefined, waiting: readonly Claim[]): ClaimState {
  return withoutAbsent({ ...pickClaim(claim), statusText, ...waitingFields(waiting) });
}

function withWaiting(state: ClaimState, waiting: readonly Claim[]): ClaimState {
  return { ...state, ...waitingFields(waiting) };
}

function pickClaim(claim: Claim): Claim {
  const { statusDefault, statusText, statusSource, statusExpiresAt, statusId } = claim;
  return withoutAbsent({ statusDefault, statusText, statusSource, statusExpiresAt, statusId });
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
  const [ours, theirs] = [waitingOf(a), waitingOf(b)];
  return sameClaim(a, b) && ours.length === theirs.length && ours.every((claim, i) => sameClaim(claim, theirs[i]!));
}

function sameClaim(a: Partial<Claim>, b: Partial<Claim>): boolean {
  return (
    sameDefault(a, b) &&
    sameText(a, b) &&
    alike(a.statusSource, b.statusSource) &&
    alike(a.statusId, b.statusId) &&
    alike(a.statusExpiresAt?.getTime(), b.statusExpiresAt?.getTime())
  );
}
