import type { Session, Status, UserRecord } from '../../domain/types';
import type { StatusCounts, StoredInstance, UserFilter } from './port';

/** What is stored of each instance, over the sessions of all users. */
export function countInstances(sessionsOfUsers: Iterable<readonly Session[]>): StoredInstance[] {
  const found = new Map<string, StoredInstance>();
  for (const sessions of sessionsOfUsers) {
    for (const { instanceId, _updatedAt } of sessions) {
      const { sessions: before, newestMs } = found.get(instanceId) ?? { sessions: 0, newestMs: 0 };
      const newest = Math.max(newestMs, _updatedAt.getTime());
      found.set(instanceId, { instanceId, sessions: before + 1, newestMs: newest });
    }
  }
  return [...found.values()];
}

/** How many users are shown with each status; those without one are not counted. */
export function countStatuses(users: Iterable<UserRecord>): StatusCounts {
  const counts: Record<Status, number> = { online: 0, away: 0, busy: 0, offline: 0 };
  for (const { status } of users) if (status !== undefined) counts[status] += 1;
  return counts;
}

/** The first users by id, as a database compares ids, that fit a filter. */
export function listed(users: Iterable<UserRecord>, filter: UserFilter, limit: number): UserRecord[] {
  const { statuses, role, sinceMs, after } = filter;
  const fitting = [...users].filter(({ _id, status, roles = [], presenceChange }) => {
    if (status === undefined || (statuses && !statuses.includes(status))) return false;
    if (role !== undefined && !roles.includes(role)) return false;
    if (sinceMs !== undefined && !(presenceChange && presenceChange.at.getTime() >= sinceMs)) return false;
    return after === undefined || byBytes(_id, after) > 0;
  });
  return fitting.sort((a, b) => byBytes(a._id, b._id)).slice(0, limit);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
