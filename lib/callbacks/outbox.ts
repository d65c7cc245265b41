import { isWanted, type Callback, type OutboxRow } from '../../domain/callbacks';
import { historyRow, type HistoryRow } from '../../domain/history';
import type { PresenceChange } from '../../domain/presence';
import type { CallbackStore } from '../store/callback-port';
import { deliveryId } from './ids';

/** Changes whose deliveries could not be written and are kept for the next attempt; beyond this the oldest go. */
const MAX_UNWRITTEN = 100_000;
/**
 * What was read of the callbacks is true for this long where replicas share a store; then a batch reads them anew. So a callback
 * that was registered this long ago is known to every replica, whatever became of the bus.
 */
export const KNOWN_WITHIN_MS = 1500;

export interface OutboxOptions {
  readonly store: Pick<CallbackStore, 'all' | 'put'>;
  /** Whether others than this process register callbacks in the store. */
  readonly isShared: boolean;
  /** Monotonic, milliseconds. */
  readonly upMs?: () => number;
}

/** Puts changes into the outbox of every callback that wants to be told of them. Costs a batch nothing while there is none. */
export class Outbox {
  /** All that are registered, as last read. */
  callbacks: readonly Callback[] = [];
  private wanted: readonly { readonly callback: Callback; readonly isFor: (change: HistoryRow) => boolean }[] = [];
  private readAtMs = -Infinity;
  private unwritten: HistoryRow[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly upMs: () => number;

  constructor(private readonly options: OutboxOptions) {
    this.upMs = options.upMs ?? (() => performance.now());
  }

  /** @param listener told each time that deliveries were put in by this process @returns what ends that */
  onPut(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get wasRead(): boolean {
    return this.readAtMs > -Infinity;
  }

  /** Reads the callbacks anew: what was registered before this was called is known once it resolves. @throws PresenceError STORE_UNAVAILABLE */
  async read(): Promise<void> {
    const atMs = this.upMs();
    const callbacks = await this.options.store.all();
    if (atMs < this.readAtMs) return; // a later read was faster
    this.readAtMs = atMs;
    this.callbacks = callbacks;
    this.wanted = callbacks.map((callback) => ({ callback, isFor: filterOf(callback) }));
  }

  /**
   * Resolves when the deliveries of these changes, and of all left over before, are durable.
   *
   * @param nowMs when they are due
   * @throws PresenceError STORE_UNAVAILABLE
   */
  async write(changes: readonly PresenceChange[], nowMs: number): Promise<void> {
    if (this.isKnown && this.wanted.length === 0 && this.unwritten.length === 0) return;
    const kept = [...this.unwritten, ...changes.map(({ before, after }) => historyRow(before, after))];
    this.unwritten = [];
    try {
      if (!this.isKnown) await this.read();
      await this.put(kept, nowMs);
    } catch (thrown) {
      this.unwritten = [...kept, ...this.unwritten].slice(-MAX_UNWRITTEN);
      throw thrown;
    }
  }

  /** Writes what is left over, if anything is. @throws PresenceError STORE_UNAVAILABLE */
  async flush(nowMs: number): Promise<void> {
    if (this.unwritten.length > 0) await this.write([], nowMs);
  }

  private get isKnown(): boolean {
    if (!this.options.isShared) return this.wasRead;
    return this.upMs() - this.readAtMs < KNOWN_WITHIN_MS;
  }

  private async put(changes: readonly HistoryRow[], nowMs: number): Promise<void> {
    const rows = changes.flatMap((change) => {
      const wanting = this.wanted.filter(({ isFor }) => isFor(change));
      return wanting.map(({ callback }) => rowOf(callback, change, nowMs));
    });
    if (rows.length === 0) return;
    await this.options.store.put(rows);
    for (const listener of this.listeners) listener();
  }
}

/** A list of users is looked at for every change: as a set. */
function filterOf({ uids, statuses }: Callback): (change: HistoryRow) => boolean {
  const users = new Set(uids);
  return (change) => (users.size === 0 || users.has(change.uid)) && isWanted({ uids: [], statuses }, change);
}

function rowOf({ _id: callback }: Callback, row: HistoryRow, nowMs: number): OutboxRow {
  const { uid, rev, at, from, to, text, source, cause } = row;
  const change = { uid, rev, at, from, to, text, source, cause };
  const dueAt = new Date(nowMs);
  return { _id: deliveryId(callback, row), callback, change, state: 'waiting', dueAt, attempts: 0 };
}
