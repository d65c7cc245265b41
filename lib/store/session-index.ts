import type { Session } from '../../domain/types';

/** Which users hold which session id, and how many sessions there are. */
export class SessionIndex {
  /** One owner is the rule; a list only where an id is stored under several users. */
  private readonly owners = new Map<string, string | string[]>();
  private count = 0;

  /** Number of sessions of all users. */
  get size(): number {
    return this.count;
  }

  ownersOf(sessionId: string): readonly string[] {
    const owners = this.owners.get(sessionId);
    if (owners === undefined) return [];
    return typeof owners === 'string' ? [owners] : owners;
  }

  /** Notes that a user's sessions are `after` where they were `before`. */
  replace(uid: string, before: readonly Session[], after: readonly Session[]): void {
    for (const { id } of before) if (!holds(after, id)) this.remove(id, uid);
    for (const { id } of after) if (!holds(before, id)) this.add(id, uid);
    this.count += after.length - before.length;
  }

  private add(id: string, uid: string): void {
    const owners = this.ownersOf(id);
    if (!owners.includes(uid)) this.owners.set(id, owners.length === 0 ? uid : [...owners, uid]);
  }

  private remove(id: string, uid: string): void {
    const owners = this.ownersOf(id).filter((owner) => owner !== uid);
    if (owners.length === 0) this.owners.delete(id);
    else this.owners.set(id, owners.length === 1 ? owners[0]! : owners);
  }
}

function holds(sessions: readonly Session[], id: string): boolean {
  return sessions.some((session) => session.id === id);
}
