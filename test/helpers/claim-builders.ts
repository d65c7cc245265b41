import { applyClaim, type ClaimRequest } from '../../domain/claims';
import type { Claim, ClaimState } from '../../domain/types';

const HOUR = 3_600_000;
export const NOW_MS = Date.UTC(2025, 0, 15, 12);
export const [PAST, NOW, LATER] = [new Date(NOW_MS - 1), new Date(NOW_MS), new Date(NOW_MS + HOUR)];
export const CLEARED: ClaimState = { statusDefault: 'online', statusText: '' };

export const set = (claim: Claim): ClaimRequest => ({ kind: 'setActive', claim });
export const end = (statusId?: string): ClaimRequest => ({ kind: 'endActive', statusId });
export const clear: ClaimRequest = { kind: 'clearActive' };
export const apply = (state: ClaimState, request: ClaimRequest) => applyClaim(state, request, NOW_MS);
/** A database may hold null where the types only know absence (contract 5.4). */
export const stored = <T extends object>(doc: { [K in keyof T]?: T[K] | null }) => doc as T;

export const call: Claim = {
  statusDefault: 'busy',
  statusText: 'in a call',
  statusSource: 'internal',
  statusId: 'call',
};
export const calendar: Partial<Claim> = { statusSource: 'external', statusExpiresAt: LATER, statusId: 'calendar' };
export const meeting: Claim = { statusDefault: 'busy', statusText: 'in a meeting', ...calendar };
export const lunch: Claim = { statusDefault: 'away', statusText: 'lunch', statusSource: 'manual' };
export const golf: Claim = { statusDefault: 'busy', statusText: 'golf', statusSource: 'manual' };
export const plain: Claim = { statusDefault: 'away', statusText: 'plain' };
export const invisible: ClaimState = { statusDefault: 'offline', statusText: '', statusSource: 'manual' };
export const expired = (claim: Claim): Claim => ({ ...claim, statusExpiresAt: PAST });
/** The active claim over those that wait, the best first; the best is where Rocket.Chat looks for it. */
export const over = (active: Claim, previousState: Claim, ...others: Claim[]): ClaimState => ({
  ...active,
  previousState,
  ...(others.length > 0 ? { presenceWaiting: others } : {}),
});

export function expectAccepted(state: ClaimState, request: ClaimRequest, after: ClaimState): void {
  // Strict: absent fields are left out, not undefined.
  expect(apply(state, request)).toStrictEqual({ accepted: true, state: after });
}
export function expectUntouched(state: ClaimState, request: ClaimRequest, accepted: boolean): void {
  const outcome = apply(state, request);
  expect(outcome.accepted).toBe(accepted);
  expect(outcome.state).toBe(state);
}
