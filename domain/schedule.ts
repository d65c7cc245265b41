import type { Claim, ClaimSource, Status } from './types';

/** Days of the week, by the names iCalendar gives them, in the order of ISO: Monday is the first. */
export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** The same hours on some days of every week, as the clocks of a time zone show them. */
export interface WeeklyHours {
  readonly days: readonly Weekday[];
  /** `09:00`. */
  readonly from: string;
  /** `17:30`, or `24:00`; earlier than `from`: of the next day. */
  readonly to: string;
}

/** One time at which a scheduled claim holds. */
export interface Occurrence {
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/** What is said of a user once it is time. */
export interface ScheduledClaim {
  readonly statusDefault: Status;
  readonly statusText?: string;
  readonly statusSource: ClaimSource;
}

/** A claim to be made later: once, or every week. */
export interface Schedule {
  /** Also the id of the claims it makes. */
  readonly _id: string;
  readonly uid: string;
  readonly claim: ScheduledClaim;
  /** Not before. */
  readonly startsAt: Date;
  /** Not after; absent where weekly hours go on for ever. */
  readonly endsAt?: Date;
  readonly weekly?: WeeklyHours;
  readonly timeZone: string;
  readonly createdAt: Date;
  /** The last occurrence whose claim was made. */
  readonly running?: Occurrence;
  /** The next to be made; absent after the last. */
  readonly next?: Occurrence;
  /** When there is something to do: the next claim is to be made, or, after the last, the schedule is over. */
  readonly dueAt: Date;
}

/** What is to be done about a schedule that is due. */
export interface ScheduleStep {
  /** Absent where its time passed while nobody was there to make it, or where the schedule is over. */
  readonly claim?: Claim;
  /** The schedule from then on; absent where it is over. */
  readonly after: Schedule | undefined;
}

/**
 * What is due about a schedule at this time. Pure: `nextAfter` knows the calendar.
 *
 * @param nextAfter the first occurrence that ends after a time
 */
export function stepOf(
  schedule: Schedule,
  nowMs: number,
  nextAfter: (afterMs: number) => Occurrence | undefined,
): ScheduleStep {
  const { next } = schedule;
  if (!next) return { after: undefined };
  if (next.endsAt.getTime() <= nowMs) return { after: awaiting(schedule, nextAfter(nowMs)) };
  const claim = { ...schedule.claim, statusExpiresAt: next.endsAt, statusId: schedule._id };
  return { claim, after: awaiting({ ...schedule, running: next }, nextAfter(next.endsAt.getTime())) };
}

/** The schedule as it waits for its next occurrence, or for the end of its last; undefined when nothing is left of it. */
export function awaiting(schedule: Omit<Schedule, 'dueAt'>, next: Occurrence | undefined): Schedule | undefined {
  const dueAt = next?.startsAt ?? schedule.running?.endsAt;
  return dueAt && { ...schedule, next, dueAt };
}
