import { afterFailure, type Callback, type OutboxRow } from '../../domain/callbacks';
import type { CallbackStore } from '../store/callback-port';
import { Lane } from './lane';
import type { Attempt } from './post';
import { Settler } from './settler';

/** What became of an attempt, for those who count. gone: the target wants no more. */
export type Outcome = 'delivered' | 'failed' | 'parked' | 'gone';

export interface DelivererOptions {
  readonly store: Pick<CallbackStore, 'due' | 'settle'>;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** All that are registered, as known now. */
  readonly callbacks: () => readonly Callback[];
  /** Whether this replica is the one that delivers. */
  readonly mayDeliver: () => boolean;
  /** Makes one attempt; never rejects. */
  readonly post: (callback: Callback, row: OutboxRow) => Promise<Attempt>;
  /** The target said that it wants no more. */
  readonly onGone: (callback: Callback) => Promise<void>;
  readonly onOutcome?: (outcome: Outcome) => void;
  readonly warn: (message: string, error: unknown) => void;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

const GONE = 410;

/**
 * Sends what is due: each target in a lane of its own, as many at once as it wants. What is not settled is due still, so a
 * crash costs no delivery; one that was under way is made again by whoever delivers next, under the same id.
 */
export class Deliverer {
  private readonly lanes = new Map<string, Lane>();
  private readonly settler: Settler;
  /** Settled since the store was last asked what is due: its answer may still hold them. */
  private readonly settledMeanwhile = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();
  private looking: Promise<void> | undefined;
  private lookAgain = false;
  private stopped = false;

  constructor(private readonly options: DelivererOptions) {
    this.settler = new Settler(options.store, options.warn);
  }

  /** Takes what is due and sends it. Resolves when it is under way. @throws PresenceError STORE_UNAVAILABLE */
  look(): Promise<void> {
    this.lookAgain = true;
    this.looking ??= this.lookWhileAsked();
    return this.looking;
  }

  /** The target of a callback is not waited for any longer, whatever it asked for. */
  hurry(callback: string): void {
    const lane = this.lanes.get(callback);
    if (lane) lane.notBeforeMs = -Infinity;
  }

  /** Begins no more deliveries, and waits for those under way. What cannot be settled by then is made again later. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.settler.stop();
    for (const lane of this.lanes.values()) lane.clear();
    await this.looking?.catch(() => undefined);
    await Promise.all(this.underWay);
  }

  private async lookWhileAsked(): Promise<void> {
    try {
      while (this.lookAgain) {
        this.lookAgain = false;
        await this.take();
      }
    } finally {
      this.looking = undefined;
    }
  }

  private async take(): Promise<void> {
    const { store, clock } = this.options;
    if (!this.mayDeliver()) {
      for (const lane of this.lanes.values()) lane.clear();
      return;
    }
    this.meetCallbacks();
    // What is here may wait no longer: the target has had the time it asked for, or wants more at once.
    for (const lane of this.lanes.values()) this.send(lane);
    for (;;) {
      const nowMs = clock();
      const open = [...this.lanes.values()].filter((lane) => lane.isOpen(nowMs));
      if (open.length === 0 || !this.mayDeliver()) return;
      // If this many come, one of the lanes at least has got all it has room for, and is not asked for again.
      const limit = open.reduce((sum, { share }) => sum + share, 0);
      this.settledMeanwhile.clear();
      const ids = open.map(({ callback }) => callback._id);
      const rows = await store.due(ids, nowMs, limit);
      for (const lane of open) lane.hasMore = rows.length === limit;
      for (const row of rows) this.offer(row);
      for (const lane of open) this.send(lane);
      if (rows.length < limit) return;
    }
  }

  private mayDeliver(): boolean {
    return !this.stopped && this.options.mayDeliver();
  }

  /** One lane for each callback as it is registered now. */
  private meetCallbacks(): void {
    const callbacks = new Map(this.options.callbacks().map((callback) => [callback._id, callback]));
    for (const [id, lane] of this.lanes) {
      const callback = callbacks.get(id);
      if (!callback || callback.paused) lane.clear();
      if (!callback) this.lanes.delete(id);
    }
    for (const [id, callback] of callbacks) {
      const lane = this.lanes.get(id);
      if (!lane) this.lanes.set(id, new Lane(callback));
      else lane.callback = callback;
    }
  }

  private offer(row: OutboxRow): void {
    const lane = this.lanes.get(row.callback);
    if (!lane || this.settledMeanwhile.has(row._id)) return;
    if (!lane.offer(row)) lane.hasMore = true;
  }

  private send(lane: Lane): void {
    while (this.mayDeliver()) {
      const row = lane.next(this.options.clock());
      if (!row) return;
      lane.busy += 1;
      const sending = this.deliver(lane, row)
        .catch((error: unknown) => this.options.warn('a delivery failed in an unforeseen way', error))
        .finally(() => this.free(lane, row, sending));
      this.underWay.add(sending);
    }
  }

  private free(lane: Lane, row: OutboxRow, sending: Promise<void>): void {
    lane.busy -= 1;
    lane.forget(row._id);
    this.settledMeanwhile.add(row._id);
    this.underWay.delete(sending);
    if (this.stopped) return;
    this.send(lane);
    if (!lane.hasMore || !lane.isOpen(this.options.clock())) return;
    this.look().catch((error: unknown) => this.options.warn('what is due could not be read', error));
  }

  private async deliver(lane: Lane, row: OutboxRow): Promise<void> {
    const { clock, post, onOutcome, onGone, random = Math.random } = this.options;
    const { callback } = lane;
    const attempt = await post(callback, row);
    // Cut off by ourselves: not the target's fault.
    if (this.stopped && !attempt.ok) return;
    if (attempt.ok) {
      onOutcome?.('delivered');
      return this.settler.settle({ before: row, after: undefined });
    }
    const { error = 'failed', retryAfterMs, status } = attempt;
    const nowMs = clock();
    const after = afterFailure(row, { error, retryAfterMs }, nowMs, random());
    if (retryAfterMs !== undefined) lane.notBeforeMs = Math.max(lane.notBeforeMs, after.dueAt.getTime());
    onOutcome?.(status === GONE ? 'gone' : after.state === 'parked' ? 'parked' : 'failed');
    if (status === GONE) {
      lane.callback = { ...callback, paused: 'gone' };
      await onGone(callback);
    }
    return this.settler.settle({ before: row, after });
  }
}
