import type { Schedule } from '../../domain/schedule';

/** A schedule that is due and what becomes of it. */
export interface ScheduleSettled {
  readonly before: Schedule;
  /** Absent: it is over. */
  readonly after: Schedule | undefined;
}

/**
 * Where scheduled claims are kept. Both twins (embedded, MongoDB) pass the same contract suite. What resolves is durable;
 * methods reject with STORE_UNAVAILABLE when the store cannot be reached.
 */
export interface ScheduleStore {
  add(schedule: Schedule): Promise<void>;
  /** @returns whether it was there */
  remove(uid: string, id: string): Promise<boolean>;
  /** Removes all of these users. */
  removeOf(uids: readonly string[]): Promise<void>;
  /** Those of a user, the one that is due first first. */
  of(uid: string): Promise<Schedule[]>;
  /**
   * Takes schedules that are due, the oldest first, so that no other replica does for as long as `forMs`: after that whoever took
   * them is dead, and another may.
   */
  takeDue(nowMs: number, forMs: number, limit: number): Promise<Schedule[]>;
  /** Writes what became of schedules that were taken. @returns ids of those that were removed meanwhile: they stay removed */
  settle(settled: readonly ScheduleSettled[]): Promise<ReadonlySet<string>>;
}
