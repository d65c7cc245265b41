import type { Flow } from '../../domain/activity';
import type { HistoryFilter, HistoryRow } from '../../domain/history';
import type { Period } from '../calendar';

/** A stretch of time, epoch milliseconds, without its end. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Users by the name of the day, week or month (`lib/calendar`); none: no entry. */
export type ActiveUsers = Readonly<Record<Period, ReadonlyMap<string, number>>>;

/**
 * Where changes are kept. Both twins (embedded, MongoDB) pass the same contract suite. What resolves is durable;
 * methods reject with STORE_UNAVAILABLE when the store cannot be reached.
 */
export interface HistoryStore {
  /** False where no history is kept: then nothing is appended; what an earlier configuration has kept is still read. */
  readonly keeps: boolean;
  /** Rows that are there already are left as they are: it is safe to repeat. */
  append(rows: readonly HistoryRow[]): Promise<void>;
  /** Newest first. At most `limit`. @param before a row's id: only what is older than it */
  list(filter: HistoryFilter, limit: number, before?: string): Promise<HistoryRow[]>;
  count(filter: HistoryFilter): Promise<number>;
  /** Removes all rows of a user. @returns how many there were */
  erase(uid: string): Promise<number>;
  /** Removes what is older than it is to be kept, where the store does not do that by itself. */
  expire(nowMs: number): Promise<void>;

  /** How many users came, went or changed while there. */
  activeUsers(range: TimeRange, timeZone: string): Promise<ActiveUsers>;
  /** Comings and goings, summed over stretches of this many milliseconds and dated at their start, in the order of time. */
  flow(range: TimeRange, stepMs: number): Promise<Flow[]>;
}
