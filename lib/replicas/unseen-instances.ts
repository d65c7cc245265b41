import type { InstanceStore } from '../store/instance-port';

interface Read {
  readonly newestMs: number;
  /** It is not read again before. */
  readonly againMs: number;
}

/** An instance that has been silent for long enough already is read this often in that time. */
const READS = 4;

/**
 * Stored instances that the bus does not show, and when the last of their sessions was written. Called by the leader, again
 * and again. To find that time costs a walk through the sessions of an instance, so it is not read before it can matter.
 */
export class UnseenInstances {
  private readonly known = new Map<string, Read>();

  /** @param silentMs an instance of which nothing was written for so long is missing */
  constructor(
    private readonly store: Pick<InstanceStore, 'outside'>,
    private readonly silentMs: number,
  ) {}

  /**
   * @param there instances that are not asked for
   * @param nowMs the store's time
   * @returns epoch milliseconds by instance
   */
  async newest(there: ReadonlySet<string>, nowMs: number): Promise<ReadonlyMap<string, number>> {
    const keep = new Set(there);
    for (const [id, { againMs }] of this.known) {
      if (there.has(id) || againMs <= nowMs) this.known.delete(id);
      else keep.add(id);
    }
    for (const { instanceId, newestMs } of await this.store.outside(keep)) {
      const againMs = Math.max(newestMs + this.silentMs, nowMs + this.silentMs / READS);
      this.known.set(instanceId, { newestMs, againMs });
    }
    return new Map([...this.known].map(([id, { newestMs }]) => [id, newestMs]));
  }

  /** Its sessions are dropped: what is there of it is read anew. */
  forget(id: string): void {
    this.known.delete(id);
  }
}
