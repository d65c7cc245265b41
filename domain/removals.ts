/**
 * What a removal leaves behind for a while, so that a call which it overtook on its way through another replica does not
 * create the session again (decision 0016). Called by both stores; pure.
 */
import { applySessionCommand, type SessionCommand, type SessionOutcome } from './sessions';
import type { Session } from './types';

/** The trace of one removal. */
export interface Tombstone {
  /** The session's id. */
  readonly id: string;
  /** The name of the removal. A replica that had heard of it when a call came knows that the call was sent later. */
  readonly removal: string;
  readonly at: Date;
  /** The session was not there: its login may be under way still. */
  readonly overtook?: true;
}

export interface UserSessions {
  readonly sessions: readonly Session[];
  readonly tombstones: readonly Tombstone[];
}

/** `sessions` and `tombstones` are the very arrays that were given where nothing changed. */
export interface UserSessionsOutcome extends SessionOutcome, UserSessions {}

/** What several commands on one user have done. */
export interface UserSessionsOutcomes extends UserSessions {
  /** Of each command, see `SessionOutcome`. */
  readonly found: readonly boolean[];
}

/** Tombstones of one user; the oldest make room. */
export const MAX_TOMBSTONES = 100;
/** Longer than any call is under way. */
export const TOMBSTONE_KEPT_MS = 2 * 60_000;
/** A call that came so long after a removal is newer, also where its replica has not heard of the removal. */
export const UNHEARD_MS = 5_000;

export const NO_TOMBSTONES: readonly Tombstone[] = [];

/** `applySessionCommand` for a user whose sessions may have been removed a moment ago. */
export function applyToUser(
  before: UserSessions,
  command: SessionCommand,
  nowMs: number,
  refreshAfterMs: number,
): UserSessionsOutcome {
  if (isOvertaken(before, command, nowMs)) return { ...before, found: false };
  const outcome = applySessionCommand(before.sessions, command, nowMs, refreshAfterMs);
  return { ...outcome, tombstones: tombstonesAfter(before, outcome, command, nowMs) };
}

/** Applies commands one after the other. */
export function applyAllToUser(
  before: UserSessions,
  commands: readonly SessionCommand[],
  nowMs: number,
  refreshAfterMs: number,
): UserSessionsOutcomes {
  let { sessions, tombstones } = before;
  const found = commands.map((command) => {
    const outcome = applyToUser({ sessions, tombstones }, command, nowMs, refreshAfterMs);
    ({ sessions, tombstones } = outcome);
    return outcome.found;
  });
  return { sessions, tombstones, found };
}

/** Whether a call that would create a session was sent before the session's removal, as far as that can be known. */
function isOvertaken({ sessions, tombstones }: UserSessions, command: SessionCommand, nowMs: number): boolean {
  if (tombstones.length === 0 || (command.kind !== 'connect' && command.kind !== 'heartbeat')) return false;
  const tombstone = tombstones.find(({ id }) => id === command.session);
  if (!tombstone || isOver(tombstone, nowMs) || sessions.some(({ id }) => id === command.session)) return false;
  if (command.heard?.includes(tombstone.removal)) return false;
  // A replica that started after the removal cannot have heard of it, and no call was sent to it before.
  if (command.hearsSinceMs !== undefined && tombstone.at.getTime() <= command.hearsSinceMs) return false;
  // A session that was there has had its login: another that came after the removal is a new one.
  const reachMs = command.kind === 'connect' && !tombstone.overtook ? 0 : UNHEARD_MS;
  return (command.receivedMs ?? nowMs) < tombstone.at.getTime() + reachMs;
}

function tombstonesAfter(
  before: UserSessions,
  { sessions, found }: SessionOutcome,
  command: SessionCommand,
  nowMs: number,
): readonly Tombstone[] {
  const { tombstones } = before;
  if (command.kind === 'disconnect' && command.removal !== undefined) {
    const others = tombstones.filter((one) => one.id !== command.session && !isOver(one, nowMs));
    const made: Tombstone = { id: command.session, removal: command.removal, at: new Date(Math.ceil(nowMs)) };
    return [...others, found ? made : { ...made, overtook: true as const }].slice(-MAX_TOMBSTONES);
  }
  if (tombstones.length === 0 || sessions === before.sessions) return tombstones;
  const left = tombstones.filter((one) => !isOver(one, nowMs) && !sessions.some(({ id }) => id === one.id));
  return left.length === tombstones.length ? tombstones : left;
}

function isOver({ at }: Tombstone, nowMs: number): boolean {
  return at.getTime() <= nowMs - TOMBSTONE_KEPT_MS;
}
