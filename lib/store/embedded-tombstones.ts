import { NO_TOMBSTONES, TOMBSTONE_KEPT_MS, type Tombstone } from '../../domain/removals';

interface Kept {
  readonly tombstones: readonly Tombstone[];
  readonly untilMs: number;
}

/**
 * Tombstones of an embedded store. In memory: calls that a removal may have overtaken end with this process, as it keeps
 * the state alone.
 */
export class EmbeddedTombstones {
  /** By user, the oldest first. */
  private readonly kept = new Map<string, Kept>();

  get size(): number {
    return this.kept.size;
  }

  of(uid: string): readonly Tombstone[] {
    return this.kept.get(uid)?.tombstones ?? NO_TOMBSTONES;
  }

  put(uid: string, tombstones: readonly Tombstone[], nowMs: number): void {
    this.kept.delete(uid);
    if (tombstones.length > 0) this.kept.set(uid, { tombstones, untilMs: nowMs + TOMBSTONE_KEPT_MS });
    this.prune(nowMs);
  }

  /** Forgets users whose tombstones are all over. */
  prune(nowMs: number): void {
    for (const [uid, { untilMs }] of this.kept) {
      if (untilMs > nowMs) return;
      this.kept.delete(uid);
    }
  }
}
