interface Lease {
  readonly uid: string;
  readonly untilMs: number;
}

/**
 * Sessions this replica knows to be stored with a lease so young that a heartbeat need not write it again:
 * such a heartbeat is answered without the database (design invariant 4). Whoever drops a session, here or
 * at another replica, has it forgotten everywhere before the drop is answered; what is missed nevertheless
 * is asked of the store again after a third of a lease at the latest.
 */
export class LeaseMemory {
  private readonly leases = new Map<string, Lease>();
  /** Sessions forgotten, by the count of forgettings then: a flush that read before must not remember them after. */
  private readonly forgotten = new Map<string, number>();
  private forgettings = 0;
  private allForgottenAt = 0;

  /** Taken before the store is read, given back to `remember`. */
  mark(): number {
    return this.forgettings;
  }

  knows(uid: string, session: string, nowMs: number): boolean {
    const lease = this.leases.get(session);
    return lease !== undefined && lease.untilMs > nowMs && lease.uid === uid;
  }

  /** @param mark of before the store was read: what was forgotten since is not remembered */
  remember(uid: string, session: string, untilMs: number, mark: number): void {
    if (this.allForgottenAt > mark || (this.forgotten.get(session) ?? 0) > mark) return;
    this.leases.set(session, { uid, untilMs });
  }

  /** Sessions that were dropped; all of them where it is not known which. */
  forget(sessions: readonly string[] | 'all'): void {
    this.forgettings += 1;
    if (sessions === 'all') {
      this.leases.clear();
      this.allForgottenAt = this.forgettings;
      return;
    }
    for (const session of sessions) {
      this.leases.delete(session);
      this.forgotten.set(session, this.forgettings);
    }
  }

  /** Lets go of what is of no use any more. Flushes that are in flight remember nothing. */
  prune(nowMs: number): void {
    for (const [session, { untilMs }] of this.leases) if (untilMs <= nowMs) this.leases.delete(session);
    this.forgotten.clear();
    this.forgettings += 1;
    this.allForgottenAt = this.forgettings;
  }

  get size(): number {
    return this.leases.size;
  }
}
