import type { LostSession } from '../../domain/lost-sessions';
import type { Session, UserRecord } from '../../domain/types';
import type { PresenceWrite } from './port';

/** A `usersSessions` document (contract 5.2), with the revision that every session write increments. */
export interface SessionsDocument {
  readonly _id: string;
  readonly connections: readonly Session[];
  readonly rev: number;
  /** Sessions that were lost with their node. Absent where there are none. */
  readonly lost?: readonly LostSession[];
}

/** Users that hold a session of which something is true, at most `limit`. */
export function ownersWhere(
  documents: Iterable<SessionsDocument>,
  matches: (session: Session) => boolean,
  limit = Infinity,
): string[] {
  const owners: string[] = [];
  for (const { _id, connections } of documents) {
    if (owners.length >= limit) break;
    if (connections.some(matches)) owners.push(_id);
  }
  return owners;
}

/** Whether a user is as they were when it was decided: nobody has written since, and whoever was there has not gone. */
export function isAsRead({ before, existed }: PresenceWrite, now: UserRecord | undefined): boolean {
  return now ? now.presenceRev === before.presenceRev : before.presenceRev === 0 && !existed;
}

/** Whether nothing is shown of a user any more, so that what is stored may go. */
export function isGone(user: UserRecord | undefined, sessions: SessionsDocument | undefined): boolean {
  return (user?.status ?? 'offline') === 'offline' && (sessions?.connections ?? []).length === 0;
}

export function uidsOf(writes: readonly PresenceWrite[]): ReadonlySet<string> {
  return new Set(writes.map(({ after }) => after._id));
}

/** Users that have sessions or are shown as anything but offline. */
export function uidsToVerify(sessions: Iterable<SessionsDocument>, users: Iterable<UserRecord>): string[] {
  const uids = new Set<string>();
  for (const { _id, connections } of sessions) if (connections.length > 0) uids.add(_id);
  for (const { _id, status } of users) if (status !== 'offline') uids.add(_id);
  return [...uids];
}
