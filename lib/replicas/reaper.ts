import { isStale, type DropStale } from '../../domain/sessions';
import type { PresenceStore } from '../store/port';

export interface ReaperOptions {
  readonly store: Pick<PresenceStore, 'heartbeatingInstances' | 'ownersOfStale' | 'applySessions'>;
  /** Drops a user's stale sessions, behind live calls. @returns whether there were any */
  readonly drop: (uid: string, command: DropStale) => Promise<boolean>;
  /** Epoch milliseconds, the store's time. */
  readonly clock: () => number;
  readonly leaseMs: number;
}

/** What one round removed. */
export interface Reaped {
  readonly users: number;
  /** How long ago each removed session's lease was last written, milliseconds. */
  readonly agesMs: readonly number[];
}

/** Users of one batch: a round is bounded by what there is to remove, and each batch by this. */
const BATCH = 512;
const NOTHING: Reaped = { users: 0, agesMs: [] };

/**
 * Ends ghosts: removes sessions whose lease is over (design invariant 6), of instances that are known to send
 * heartbeats. Lease time counts only while somebody watched, so it asks how long the vigil has lasted.
 */
export class Reaper {
  constructor(private readonly options: ReaperOptions) {}

  /** One round. @param vigilMs how long this replica has seen everything without a break */
  async reap(vigilMs: number): Promise<Reaped> {
    const { store, clock, leaseMs } = this.options;
    if (vigilMs < leaseMs) return NOTHING;
    const instances = await store.heartbeatingInstances();
    if (instances.size === 0) return NOTHING;
    const command: DropStale = { kind: 'dropStale', beforeMs: clock() - leaseMs, instances };
    let users = 0;
    const agesMs: number[] = [];
    for (;;) {
      const owners = await store.ownersOfStale(command.beforeMs, instances, BATCH);
      const reaped = await this.reapOf(owners, command);
      users += reaped.users;
      agesMs.push(...reaped.agesMs);
      // A batch of which nothing was left to remove: others were faster, or refreshed them all.
      if (owners.length < BATCH || reaped.users === 0) return { users, agesMs };
    }
  }

  private async reapOf(owners: readonly string[], command: DropStale): Promise<Reaped> {
    if (owners.length === 0) return NOTHING;
    const { store, drop, clock } = this.options;
    const states = await store.applySessions(
      owners.map((uid) => ({ uid, commands: [] })),
      clock(),
    );
    const dropped = await Promise.all(owners.map((uid) => drop(uid, command)));
    const nowMs = clock();
    const gone = states.filter((_, i) => dropped[i]);
    const agesMs = gone.flatMap(({ sessions }) =>
      sessions
        .filter((session) => isStale(session, command))
        .map((session) => nowMs - (session._updatedAt?.getTime() ?? 0)),
    );
    return { users: gone.length, agesMs };
  }
}
