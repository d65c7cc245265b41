import { randomBytes } from 'node:crypto';
import {
  awaiting,
  stepOf,
  type Occurrence,
  type Schedule,
  type ScheduledClaim,
  type ScheduleStep,
  type WeeklyHours,
} from '../../domain/schedule';
import type { Claim, ClaimSource, Status } from '../../domain/types';
import { invalidArgument, PresenceError } from '../wire/errors';
import { Turns } from '../turns';
import { occurrenceAfter } from './occurrences';
import type { PresenceStore } from '../store/port';

/** A schedule as somebody asks for it; times are epoch milliseconds. */
export interface NewSchedule {
  readonly uid: string;
  readonly claim: ScheduledClaim;
  /** Absent: from now on. */
  readonly startsMs?: number;
  readonly endsMs?: number;
  readonly weekly?: WeeklyHours;
  readonly timeZone: string;
}

/** A schedule as it is told. */
export interface ScheduleView {
  readonly id: string;
  readonly uid: string;
  readonly status: Status;
  readonly text?: string;
  readonly source: ClaimSource;
  readonly startsAt: Date;
  readonly endsAt?: Date;
  readonly weekly?: WeeklyHours;
  readonly timeZone: string;
  /** The occurrence that is going on. */
  readonly running?: Occurrence;
  readonly next?: Occurrence;
}

export interface SchedulerOptions {
  readonly store: PresenceStore;
  readonly clock: () => number;
  /** Makes a claim as anybody would. @returns whether it was accepted */
  readonly claim: (uid: string, claim: Claim) => Promise<boolean>;
  readonly end: (uid: string, statusId: string) => Promise<boolean>;
  readonly warn: (message: string, error: unknown) => void;
}

/** Of one user; whoever needs more wants weekly hours. */
const MAX_SCHEDULES = 200;
/** Nobody means such a start: it is a date that got broken on its way. */
const LONG_AGO_MS = 366 * 24 * 60 * 60_000;
const DUE_AT_ONCE = 1000;
/** A replica that has taken schedules and died is followed by another after this. */
const TAKEN_FOR_MS = 1000;

/** Claims that are to be made later: keeps them, and makes them when it is time. */
export class Scheduler {
  private readonly turns = new Turns();

  constructor(private readonly options: SchedulerOptions) {}

  /**
   * @throws PresenceError INVALID_ARGUMENT when there is no time left at which it would hold; UNKNOWN_USER; TOO_MANY_SCHEDULES;
   * STORE_UNAVAILABLE
   */
  async add({ uid, startsMs, endsMs, ...given }: NewSchedule): Promise<ScheduleView> {
    const { store, clock } = this.options;
    const nowMs = clock();
    if (startsMs !== undefined && startsMs < nowMs - LONG_AGO_MS)
      throw invalidArgument('startsAt', 'lies too far back');
    const schedule = {
      _id: `schedule-${randomBytes(12).toString('base64url')}`,
      uid,
      ...given,
      startsAt: new Date(startsMs ?? nowMs),
      endsAt: endsMs === undefined ? undefined : new Date(endsMs),
      createdAt: new Date(nowMs),
    };
    const ready = awaiting(schedule, occurrenceAfter(schedule, nowMs));
    if (!ready) throw invalidArgument('endsAt', 'leaves no time in the future');
    if (!store.createsUsers && !(await store.usersOf([uid])).has(uid)) {
      throw new PresenceError('UNKNOWN_USER', 'there is no such user', { uid });
    }
    await this.turns.take(() => this.keep(ready), uid);
    return viewOf(ready, nowMs);
  }

  /** Those of a user that are not over, the next one first. @throws PresenceError STORE_UNAVAILABLE */
  async list(uid: string): Promise<ScheduleView[]> {
    const { store, clock } = this.options;
    const nowMs = clock();
    return (await store.schedules.of(uid)).map((schedule) => viewOf(schedule, nowMs));
  }

  /** Also ends its claim, if that holds now. @returns whether there was such a schedule @throws PresenceError STORE_UNAVAILABLE */
  async cancel(uid: string, id: string): Promise<boolean> {
    const cancelled = await this.options.store.schedules.remove(uid, id);
    if (cancelled) await this.options.end(uid, id);
    return cancelled;
  }

  /** Makes the claims that are due. @returns how many */
  async run(): Promise<number> {
    const { store, clock } = this.options;
    let made = 0;
    for (;;) {
      const due = await store.schedules.takeDue(clock(), TAKEN_FOR_MS, DUE_AT_ONCE);
      if (due.length > 0) made += await this.make(due);
      if (due.length < DUE_AT_ONCE) return made;
    }
  }

  /**
   * Those of a user one after the other, or all that come at once would find room. Only in this process: replicas that add
   * the last one in the same moment may go over the limit together, by one each at most.
   */
  private async keep(schedule: Schedule): Promise<void> {
    const { uid } = schedule;
    const { schedules } = this.options.store;
    if ((await schedules.of(uid)).length >= MAX_SCHEDULES) {
      throw new PresenceError('TOO_MANY_SCHEDULES', `a user has ${MAX_SCHEDULES} schedules at most`, { uid });
    }
    await schedules.add(withoutAbsent(schedule));
  }

  private async make(due: readonly Schedule[]): Promise<number> {
    const nowMs = this.options.clock();
    const steps = due.map((before) => {
      return { before, ...stepOf(before, nowMs, (afterMs) => occurrenceAfter(before, afterMs)) };
    });
    // One whose claim cannot be made now stays due.
    const done = await Promise.all(steps.map((step) => this.claim(step.before, step)));
    const settled = steps.filter((_, i) => done[i]);
    const cancelled = await this.options.store.schedules.settle(settled);
    // Cancelled while its claim was being made: then its end came too early.
    const late = settled.filter(({ before, claim }) => claim && cancelled.has(before._id));
    await Promise.all(late.map(({ before }) => this.options.end(before.uid, before._id)));
    return settled.filter(({ claim }) => claim).length;
  }

  private async claim({ _id, uid }: Schedule, { claim }: ScheduleStep): Promise<boolean> {
    try {
      if (claim) await this.options.claim(uid, claim);
      return true;
    } catch (error) {
      this.options.warn(`the claim of ${_id} could not be made yet`, error);
      return false;
    }
  }
}

function viewOf(schedule: Schedule, nowMs: number): ScheduleView {
  const { _id, uid, claim, startsAt, endsAt, weekly, timeZone, running, next } = schedule;
  const { statusDefault: status, statusText, statusSource: source } = claim;
  const text = statusText || undefined;
  const goesOn = running && running.endsAt.getTime() > nowMs ? running : undefined;
  return { id: _id, uid, status, text, source, startsAt, endsAt, weekly, timeZone, running: goesOn, next };
}

/** A database would store null for what is not there. */
function withoutAbsent(schedule: Schedule): Schedule {
  const present = (fields: object) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null));
  return { ...present(schedule), claim: present(schedule.claim) } as unknown as Schedule;
}
