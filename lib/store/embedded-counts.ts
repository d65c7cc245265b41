import type { Session, Status, UserRecord } from '../../domain/types';
import type { StoredInstance } from './instance-port';
import type { StatusCounts } from './port';

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
