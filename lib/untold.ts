import type { PresenceChange } from './engine';

/** Changes that could not be told because the bus was away: one a user, from what was last told to what is now. */
export class Untold {
  private readonly held = new Map<string, PresenceChange>();

  get size(): number {
    return this.held.size;
  }

  hold(change: PresenceChange): void {
    const { before } = this.held.get(change.after._id) ?? change;
    this.held.set(change.after._id, { before, after: change.after });
  }

  /** Takes out what is held of a user. */
  take(uid: string): PresenceChange[] {
    const change = this.held.get(uid);
    this.held.delete(uid);
    return change ? [change] : [];
  }

  takeAll(): PresenceChange[] {
    const changes = [...this.held.values()];
    this.held.clear();
    return changes;
  }
}
