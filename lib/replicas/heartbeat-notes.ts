import type { PresenceStore } from '../store/port';

/** A live node is noted again this often, so that the store may forget those that are gone. */
const NOTE_EVERY_MS = 60 * 60_000;

/** Which nodes send heartbeats, as far as this replica has heard: only their sessions have leases (design invariant 6). */
export class HeartbeatNotes {
  private readonly notedAtMs = new Map<string, number>();

  /** @param onFailed told when a note could not be written; the next heartbeat of that node tries again */
  constructor(
    private readonly store: Pick<PresenceStore, 'noteHeartbeats'>,
    private readonly onFailed: (error: unknown) => void,
  ) {}

  /** A heartbeat came through this node. Costs a look into memory, and a write once an hour. */
  heard(nodeID: string, nowMs: number): void {
    const notedAtMs = this.notedAtMs.get(nodeID);
    if (notedAtMs !== undefined && nowMs - notedAtMs < NOTE_EVERY_MS) return;
    this.notedAtMs.set(nodeID, nowMs);
    this.store.noteHeartbeats(nodeID).catch((error: unknown) => {
      this.notedAtMs.delete(nodeID);
      this.onFailed(error);
    });
  }
}
