import { heldClaims } from './held-claims';
import { hasActiveClaim } from './status';
import type { Claim, ClaimSource, ClaimState, Status } from './types';
import { arranged, priorityOf, waitingOf } from './waiting';

/** One of a user's claims as told to whoever asks. */
export interface ListedClaim {
  /** What `endActiveState` ends it by; absent where it was given none. */
  readonly id?: string;
  readonly source?: ClaimSource;
  /** 1 to 4, the smaller wins (contract 8.4): internal, manual, external, no source. */
  readonly priority: number;
  readonly status: Status;
  /** Absent when empty. */
  readonly text?: string;
  readonly expiresAt?: Date;
}

export interface ListedClaims {
  /** What is said of the user now, if anything is; what is shown follows from it while he is connected. */
  readonly active?: ListedClaim;
  /** What will be said once that ends, the next one first. */
  readonly waiting: readonly ListedClaim[];
}

/** All claims of a user that hold at this time, also where what is stored has yet to be settled. Pure. */
export function listClaims(state: ClaimState, nowMs: number): ListedClaims {
  const settled = heldClaims(state, nowMs);
  const waiting = arranged(waitingOf(settled), nowMs).map(listed);
  const { statusDefault = 'online' } = settled;
  return hasActiveClaim(settled) ? { active: listed({ ...settled, statusDefault }), waiting } : { waiting };
}

function listed({ statusId, statusSource, statusDefault, statusText, statusExpiresAt }: Claim): ListedClaim {
  return {
    id: statusId,
    source: statusSource,
    priority: priorityOf(statusSource),
    status: statusDefault,
    text: statusText || undefined,
    expiresAt: statusExpiresAt,
  };
}
