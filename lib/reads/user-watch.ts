import type { UserListener } from '../store/port';

/** One watch of the store for several who want to hear of changes: each change costs the database a reply. */
export class UserWatch implements UserListener {
  private readonly listeners = new Set<UserListener>();

  add(listener: UserListener): void {
    this.listeners.add(listener);
  }

  isWanted(): boolean {
    return [...this.listeners].some((listener) => listener.isWanted());
  }

  changed(uid: string): void {
    for (const listener of this.listeners) listener.changed(uid);
  }

  current(atMs: number): void {
    for (const listener of this.listeners) listener.current(atMs);
  }

  lost(): void {
    for (const listener of this.listeners) listener.lost();
  }
}
