import { historyRow, type HistoryRow } from '../../domain/history';
import type { PresenceChange } from '../../domain/presence';
import type { HistoryStore } from '../store/history-port';

/** Rows that could not be written and are kept for the next attempt; beyond this the oldest go. */
const MAX_UNWRITTEN = 100_000;

/** Writes changes into the history. What the store refuses is kept, and goes with the changes that follow. */
export class HistoryWriter {
  private unwritten: HistoryRow[] = [];

  constructor(private readonly store: Pick<HistoryStore, 'keeps' | 'append'>) {}

  /** Resolves when these, and all left over before, are durable. @throws PresenceError STORE_UNAVAILABLE */
  async write(changes: readonly PresenceChange[], nowMs: number): Promise<void> {
    if (!this.store.keeps) return;
    const rows = [...this.unwritten, ...changes.map(({ before, after }) => historyRow(before, after))];
    this.unwritten = [];
    try {
      await this.store.append(rows, nowMs);
    } catch (thrown) {
      this.unwritten = [...rows, ...this.unwritten].slice(-MAX_UNWRITTEN);
      throw thrown;
    }
  }
}
