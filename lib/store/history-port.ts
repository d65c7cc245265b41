import type { DatedDigest, DayDigest } from '../../domain/day-digest';
import type { HistoryFilter, HistoryRow } from '../../domain/history';

/** A stretch of time, epoch milliseconds, without its end. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Where changes are kept. Both twins (embedded, MongoDB) pass the same contract suite. What resolves is durable;
 * methods reject with STORE_UNAVAILABLE when the store cannot be reached.
 */
export interface HistoryStore {
  /** False where no history is kept: then nothing is appended; what an earlier configuration has kept is still read. */
  readonly keeps: boolean;
  /**
   * Rows that are there already are left as they are: it is safe to repeat.
   *
   * @param nowMs tells whether a row comes so late that its day may have a digest, which then is forgotten
   */
  append(rows: readonly HistoryRow[], nowMs: number): Promise<void>;
  /** Newest first. At most `limit`. @param before a row's id: only what is older than it */
  list(filter: HistoryFilter, limit: number, before?: string): Promise<HistoryRow[]>;
  count(filter: HistoryFilter): Promise<number>;
  /** Removes all rows of a user, and the digests they are in. @returns how many there were */
  erase(uid: string): Promise<number>;
  /** Removes what is older than it is to be kept, where the store does not do that by itself. */
  expire(nowMs: number): Promise<void>;

  /** From the oldest row to past the newest; undefined: there is none. */
  extent(): Promise<TimeRange | undefined>;
  /** Counts the rows of a day, or of a part of one. */
  digest(range: TimeRange): Promise<DayDigest>;
  /** The digests that are kept of days that begin in this time, in order. */
  keptDigests(range: TimeRange): AsyncIterable<DatedDigest>;
  /** Keeps the digest of a whole day until a row of it comes or goes, or the day expires; not if one has since it was made. */
  keepDigest(dated: DatedDigest): Promise<void>;
}
