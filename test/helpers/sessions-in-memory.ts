import { isStale } from '../../domain/sessions';
import type { Session } from '../../domain/types';
import type { AppliedSessions, PresenceStore, SessionWork } from '../../lib/store/port';

/** As much of a store as a reaper sees. */
export class SessionsInMemory implements Pick<
  PresenceStore,
  'heartbeatingInstances' | 'ownersOfStale' | 'applySessions'
> {
  private readonly sessions = new Map<string, readonly Session[]>();
  largestBatch = 0;
  /** What happens between the look for stale sessions and their end. */
  afterLookingForOwners: () => void = () => undefined;

  constructor(private readonly heartbeating: readonly string[]) {}

  of(uid: string): readonly Session[] {
    return this.sessions.get(uid) ?? [];
  }

  put(uid: string, sessions: readonly Session[]): void {
    this.sessions.set(uid, sessions);
  }

  async heartbeatingInstances(): Promise<ReadonlySet<string>> {
    return new Set(this.heartbeating);
  }

  async ownersOfStale(beforeMs: number, instances: ReadonlySet<string>, limit: number): Promise<string[]> {
    const stale = [...this.sessions].filter(([, sessions]) =>
      sessions.some((session) => isStale(session, { kind: 'dropStale', beforeMs, instances })),
    );
    const owners = stale.slice(0, limit).map(([uid]) => uid);
    this.afterLookingForOwners();
    return owners;
  }

  async applySessions(work: readonly SessionWork[]): Promise<AppliedSessions[]> {
    this.largestBatch = Math.max(this.largestBatch, work.length);
    return work.map(({ uid }) => {
      return { uid, user: undefined, sessions: this.of(uid), sessionsRev: 0, found: [], changed: false };
    });
  }
}
