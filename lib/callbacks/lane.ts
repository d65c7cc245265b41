import type { Callback, OutboxRow } from '../../domain/callbacks';

/** Deliveries of one callback that are in memory to be sent. */
export const ROOM = 100;

/** What is on its way to one target: a lane of its own, so that a slow one delays nobody else. */
export class Lane {
  private queue: OutboxRow[] = [];
  /** Deliveries in the queue, under way, or made and not yet settled. */
  private readonly known = new Set<string>();
  /** Under way. */
  busy = 0;
  /** The target asked for patience until then, epoch milliseconds. */
  notBeforeMs = -Infinity;
  /** Whether there was more in the store than room here. */
  hasMore = false;

  constructor(public callback: Callback) {}

  /** Whether it could send more than it has. */
  isOpen(nowMs: number): boolean {
    return this.isRunning(nowMs) && this.queue.length === 0 && this.busy < this.callback.concurrency;
  }

  /** How many rows of its own it may get to see in vain, and what it has room for. */
  get share(): number {
    return ROOM + this.known.size;
  }

  /** @returns whether there was room for it, or it is here already */
  offer(row: OutboxRow): boolean {
    if (this.known.has(row._id)) return true;
    if (this.queue.length >= ROOM) return false;
    this.known.add(row._id);
    this.queue.push(row);
    return true;
  }

  /** The next one to send, if one may be sent now. */
  next(nowMs: number): OutboxRow | undefined {
    if (!this.isRunning(nowMs) || this.busy >= this.callback.concurrency) return undefined;
    return this.queue.shift();
  }

  /** A delivery is settled: if it is due again it comes from the store. */
  forget(id: string): void {
    this.known.delete(id);
  }

  /** Forgets what is not under way: it stays in the store. */
  clear(): void {
    for (const { _id } of this.queue) this.known.delete(_id);
    this.queue = [];
    this.hasMore = false;
  }

  private isRunning(nowMs: number): boolean {
    return !this.callback.paused && nowMs >= this.notBeforeMs;
  }
}
