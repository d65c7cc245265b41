import type { Session, Status } from './types';

/** What can happen to the sessions of one user. */
export type SessionCommand =
  | ({ readonly kind: 'connect'; readonly session: string; readonly instanceId: string } & Arrival)
  | ({ readonly kind: 'heartbeat'; readonly session: string; readonly instanceId: string } & Arrival)
  | { readonly kind: 'sessionStatus'; readonly session: string; readonly status: Status }
  /** `removal` names it, so that calls which it overtook are known (domain/removals.ts); absent: it overtakes none. */
  | { readonly kind: 'disconnect'; readonly session: string; readonly removal?: string }
  | DropInstance
  | RestoreInstance
  | { readonly kind: 'dropOtherInstances'; readonly keep: ReadonlySet<string> }
  | DropStale;

/** What was known when a call came that may create a session. */
export interface Arrival {
  /** Epoch milliseconds, the store's time. Absent: when it is applied. */
  readonly receivedMs?: number;
  /** Removals of this session that its replica had heard of: the call was sent after them. */
  readonly heard?: readonly string[];
  /** Since when that replica hears of removals: callers have known it since, so the call was sent later. Epoch milliseconds. */
  readonly hearsSinceMs?: number;
}

/** Sessions of one instance. */
export interface DropInstance {
  readonly kind: 'dropInstance';
  readonly instanceId: string;
  /** Only those whose lease was last written before this time. Absent: all of them. */
  readonly beforeMs?: number;
  /** The node's process, which was lost: they are kept for its return (domain/lost-sessions.ts). Absent: they are not. */
  readonly process?: string;
}

/** Sessions that were lost with this process of a node, which is back. */
export interface RestoreInstance {
  readonly kind: 'restoreInstance';
  readonly instanceId: string;
  readonly process: string;
}

/** Sessions of instances that send heartbeats, whose lease was last written at this time or before (design invariant 6). */
export interface DropStale {
  readonly kind: 'dropStale';
  readonly beforeMs: number;
  readonly instances: ReadonlySet<string>;
}

/** `sessions` is the very array that was given when nothing changed. */
export interface SessionOutcome {
  readonly sessions: readonly Session[];
  /** Whether the command's session (or one of its instance) was there before. */
  readonly found: boolean;
}

/**
 * Applies one command to a user's sessions. Pure; duplicates of an id, which upstream may have left
 * (contract W21), are treated alike.
 *
 * @param refreshAfterMs a lease younger than this is not written again (design invariant 4)
 */
export function applySessionCommand(
  sessions: readonly Session[],
  command: SessionCommand,
  nowMs: number,
  refreshAfterMs: number,
): SessionOutcome {
  switch (command.kind) {
    case 'connect':
      return revive(sessions, command, nowMs, refreshAfterMs, 'online');
    case 'heartbeat':
      return revive(sessions, command, nowMs, refreshAfterMs, undefined);
    case 'sessionStatus':
      return change(sessions, command.session, (s) => touched(s, { status: command.status }, nowMs, refreshAfterMs));
    case 'disconnect':
      return drop(sessions, (s) => s.id === command.session);
    case 'dropInstance':
      return drop(sessions, (s) => isDropped(s, command));
    case 'restoreInstance':
      return { sessions, found: false }; // lost sessions are none of these
    case 'dropOtherInstances':
      return drop(sessions, (s) => !command.keep.has(s.instanceId));
    case 'dropStale':
      return drop(sessions, (s) => isStale(s, command));
  }
}

/** A login or a heartbeat: known sessions are kept alive, an unknown one is created (invariant 5). */
function revive(
  sessions: readonly Session[],
  command: { readonly session: string; readonly instanceId: string } & Arrival,
  nowMs: number,
  refreshAfterMs: number,
  status: Status | undefined,
): SessionOutcome {
  const { session, instanceId, receivedMs = nowMs } = command;
  // A call that has waited tells of the time when it came, not of a process that has its node's id since.
  const cameMs = Math.floor(Math.min(receivedMs, nowMs));
  // A login tells the instance and is online; a heartbeat tells neither, it may come through another node.
  const tells = status === undefined ? {} : { status, instanceId };
  // A login may be another process's under the same id: it is written down, however young the lease is.
  const olderThanMs = status !== undefined && command.receivedMs !== undefined ? 1 : refreshAfterMs;
  const known = change(sessions, session, (s) => touched(s, tells, cameMs, olderThanMs));
  if (known.found) return known;
  const at = new Date(cameMs);
  const created: Session = { id: session, instanceId, status: status ?? 'online', _createdAt: at, _updatedAt: at };
  return { sessions: [...sessions, created], found: false };
}

function touched(session: Session, tells: Partial<Session>, nowMs: number, refreshAfterMs: number): Session {
  const same =
    (tells.status ?? session.status) === session.status &&
    (tells.instanceId ?? session.instanceId) === session.instanceId;
  if (same && nowMs - seenAtMs(session) < refreshAfterMs) return session;
  return { ...session, ...tells, _updatedAt: new Date(Math.max(nowMs, seenAtMs(session))) };
}

/** Whether a session goes with its instance. */
export function isDropped(session: Session, { instanceId, beforeMs = Infinity }: Omit<DropInstance, 'kind'>): boolean {
  return session.instanceId === instanceId && seenAtMs(session) < beforeMs;
}

/** Whether a session's lease is over. A session refreshed meanwhile is not, whatever was read before. */
export function isStale(session: Session, { beforeMs, instances }: DropStale): boolean {
  return instances.has(session.instanceId) && seenAtMs(session) <= beforeMs;
}

/** When the lease was last refreshed; never, where a database holds no time for it. */
function seenAtMs(session: Partial<Session>): number {
  return session._updatedAt?.getTime() ?? 0;
}

function change(sessions: readonly Session[], id: string, update: (session: Session) => Session): SessionOutcome {
  let found = false;
  let changed = false;
  const next = sessions.map((session) => {
    if (session.id !== id) return session;
    found = true;
    const after = update(session);
    changed ||= after !== session;
    return after;
  });
  return { sessions: changed ? next : sessions, found };
}

function drop(sessions: readonly Session[], leaves: (session: Session) => boolean): SessionOutcome {
  const next = sessions.filter((session) => !leaves(session));
  const found = next.length !== sessions.length;
  return { sessions: found ? next : sessions, found };
}
