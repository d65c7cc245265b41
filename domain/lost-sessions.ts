/**
 * Sessions whose node was lost are kept for a while beside those that are there: where the same process is back (a node that was
 * stopped, or cut off), they are restored as they were (decision 0007). Called by both stores; pure.
 */
import { applyToUser, type UserSessions } from './removals';
import { isDropped, type RestoreInstance, type SessionCommand } from './sessions';
import type { Session } from './types';

/** A session of a process that was lost. */
export interface LostSession extends Session {
  /** The node's process, its `instanceID`. */
  readonly process: string;
  readonly lostAt: Date;
}

export interface StoredSessions extends UserSessions {
  readonly lost: readonly LostSession[];
}

/** The arrays are the very ones that were given where nothing changed. */
export interface StoredOutcomes extends StoredSessions {
  /** Of each command, see `SessionOutcome`. */
  readonly found: readonly boolean[];
}

/** A node that is away for longer is not waited for: without heartbeats, sessions that have ended there would be there for ever. */
export const LOST_KEPT_MS = 60 * 60_000;
/** Lost sessions of one user; the oldest make room. */
export const MAX_LOST = 100;
export const NO_LOST: readonly LostSession[] = [];

/** Applies commands to all that is stored of a user's sessions, one after the other. */
export function applyAllToStored(
  before: StoredSessions,
  commands: readonly SessionCommand[],
  nowMs: number,
  refreshAfterMs: number,
): StoredOutcomes {
  let state = before;
  const found = commands.map((command) => {
    const outcome = applyToStored(state, command, nowMs, refreshAfterMs);
    state = outcome;
    return outcome.found;
  });
  const { sessions, tombstones, lost } = state;
  return { sessions, tombstones, lost, found };
}

function applyToStored(
  before: StoredSessions,
  command: SessionCommand,
  nowMs: number,
  refreshAfterMs: number,
): StoredSessions & { readonly found: boolean } {
  if (command.kind === 'restoreInstance') return restored(before, (one) => isOf(one, command), nowMs);
  // A heartbeat ahead of the restoring tells the same of its session.
  const isBeating = (one: LostSession) => command.kind === 'heartbeat' && one.id === command.session;
  const state = before.lost.some(isBeating) ? restored(before, isBeating, nowMs) : before;
  const outcome = applyToUser(state, command, nowMs, refreshAfterMs);
  return { ...outcome, lost: lostAfter(state, outcome.sessions, command, nowMs) };
}

function isOf({ instanceId, process }: LostSession, command: RestoreInstance): boolean {
  return instanceId === command.instanceId && process === command.process;
}

/** Their leases begin anew, as after any outage. */
function restored(
  before: StoredSessions,
  isBack: (one: LostSession) => boolean,
  nowMs: number,
): StoredSessions & { readonly found: boolean } {
  if (!before.lost.some(isBack)) return { ...before, found: false };
  const sessions = [...before.sessions];
  for (const one of before.lost) {
    if (!isBack(one) || isOver(one, nowMs) || sessions.some(({ id }) => id === one.id)) continue;
    const { id, instanceId, status, _createdAt } = one;
    sessions.push({ id, instanceId, status, _createdAt, _updatedAt: new Date(nowMs) });
  }
  const found = sessions.length > before.sessions.length;
  const lost = before.lost.filter((one) => !isBack(one));
  return { ...before, sessions: found ? sessions : before.sessions, lost, found };
}

function lostAfter(
  before: StoredSessions,
  sessions: readonly Session[],
  command: SessionCommand,
  nowMs: number,
): readonly LostSession[] {
  const lost = heeded(before.lost, command);
  const dropped = command.kind === 'dropInstance' && command.process !== undefined ? command.process : undefined;
  if (sessions === before.sessions) return lost;
  const left = lost.filter((one) => !isOver(one, nowMs) && !sessions.some(({ id }) => id === one.id));
  if (dropped === undefined) return left.length === before.lost.length ? lost : left;
  const lostAt = new Date(nowMs);
  const gone = before.sessions.filter((session) => command.kind === 'dropInstance' && isDropped(session, command));
  return [...left, ...gone.map((session) => ({ ...session, process: dropped, lostAt }))].slice(-MAX_LOST);
}

/** What a command tells of sessions that are lost: a logout wins, a status is that with which one comes back. */
function heeded(lost: readonly LostSession[], command: SessionCommand): readonly LostSession[] {
  if (lost.length === 0) return lost;
  switch (command.kind) {
    case 'disconnect':
      return without(lost, ({ id }) => id === command.session);
    case 'dropInstance':
      // A loss says nothing of what was lost before. Whoever removes all of a node's sessions means these, too.
      if (command.process !== undefined || command.beforeMs !== undefined) return lost;
      return without(lost, ({ instanceId }) => instanceId === command.instanceId);
    case 'dropOtherInstances':
      return without(lost, ({ instanceId }) => !command.keep.has(instanceId));
    case 'sessionStatus':
      if (!lost.some(({ id, status }) => id === command.session && status !== command.status)) return lost;
      return lost.map((one) => (one.id === command.session ? { ...one, status: command.status } : one));
    default:
      return lost;
  }
}

function without(lost: readonly LostSession[], leaves: (one: LostSession) => boolean): readonly LostSession[] {
  return lost.some(leaves) ? lost.filter((one) => !leaves(one)) : lost;
}

export function isOver({ lostAt }: LostSession, nowMs: number): boolean {
  return lostAt.getTime() <= nowMs - LOST_KEPT_MS;
}
