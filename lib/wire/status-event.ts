import { shownOf, type ShownUser } from '../../domain/presence';
import type { Status } from '../../domain/types';
import type { PresenceChange } from '../../domain/presence';
import { argumentsOf, isId } from './ids';

/** The one argument of `presence.status` (contract 4.2, design invariant 9). */
export interface StatusEvent {
  readonly user: ShownUser;
  /** Absent for a user never seen before. */
  readonly previousStatus: Status | undefined;
  /** Grows with each change of the user: a consumer drops what is older than what it has. */
  readonly rev: number;
}

/** The payload as core spreads it: an array of arguments (contract 1.4). */
export function statusEvent({ before, after }: PresenceChange): [StatusEvent] {
  return [{ user: shownOf(after), previousStatus: before.status, rev: after.presenceRev }];
}

/** The user that a `presence.status` of any node is about, as a list; empty for what is none. Every node of the bus may send one. */
export function changedIn(payload: unknown): string[] {
  const [event] = argumentsOf(payload);
  const uid = (event as Partial<StatusEvent> | null | undefined)?.user?._id;
  return isId(uid) ? [uid] : [];
}
