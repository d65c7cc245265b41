import type { HistoryRow } from './history';
import type { Status } from './types';

/** A stretch of time; epoch milliseconds, without its end. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** An hour as the clocks of a time zone show it. */
export interface CalendarHour extends Span {
  /** `2026-11-25` */
  readonly day: string;
  /** 1 is Monday, 7 Sunday. */
  readonly weekday: number;
  /** 0 to 23 */
  readonly hour: number;
}

/** By how many more (or fewer) people were there after a time than before it. */
export interface Flow {
  readonly atMs: number;
  readonly delta: number;
}

export interface Concurrency {
  /** The most people that were there at once. */
  readonly peak: number;
  /** People there, over the whole time on average. */
  readonly average: number;
}

/** What was shown of a user; `unknown` before the first change that is kept. */
export type ShownStatus = Status | 'unknown';
export type TimeInStatus = Readonly<Record<ShownStatus, number>>;

/** A millisecond's work or two. */
const ROWS_AT_ONCE = 4_096;

/** What one change did to what is shown. */
interface Step {
  readonly from?: Status;
  readonly to: Status;
}

/** Whether people count as being there. */
export function isThere(status: Status | undefined): boolean {
  return status !== undefined && status !== 'offline';
}

/** Whether somebody came, went or changed while there: a sign of life of that user. */
export function isSignOfLife({ from, to }: Step): boolean {
  return isThere(from) || isThere(to);
}

/** 1 for a user who came, -1 for one who went, 0 for every other change. */
export function deltaOf({ from, to }: Step): number {
  return Number(isThere(to)) - Number(isThere(from));
}

/**
 * How many people were there in each of these stretches of time, which follow each other without a gap. One by one, for
 * there may be years of them.
 *
 * @param flow in the order of time; what is before the first stretch is left out
 * @param atStart people there when the first stretch begins
 */
export function* concurrencyOf<S extends Span>(
  spans: Iterable<S>,
  flow: readonly Flow[],
  atStart: number,
): Generator<S & Concurrency> {
  let there = atStart;
  let next: number | undefined;
  for (const span of spans) {
    next ??= firstSince(flow, span.startMs);
    let [peak, personMs, sinceMs] = [there, 0, span.startMs];
    for (; next < flow.length && flow[next]!.atMs < span.endMs; next += 1) {
      const { atMs, delta } = flow[next]!;
      personMs += there * (atMs - sinceMs);
      sinceMs = atMs;
      there += delta;
      peak = Math.max(peak, there);
    }
    personMs += there * (span.endMs - sinceMs);
    yield { ...span, peak, average: personMs / (span.endMs - span.startMs) };
  }
}

function firstSince(flow: readonly Flow[], ms: number): number {
  const found = flow.findIndex(({ atMs }) => atMs >= ms);
  return found < 0 ? flow.length : found;
}

/**
 * How long a user was shown with each status in each of these stretches of time, in milliseconds. One by one, as above.
 * Undefined comes in between after every few thousand changes, for there may be as many in one stretch: others can have
 * their turn.
 *
 * @param rows his changes, in the order of time
 * @param before what was shown before the first of them
 */
export function* timeInStatus<S extends Span>(
  spans: Iterable<S>,
  rows: readonly Pick<HistoryRow, 'at' | 'to'>[],
  before: ShownStatus,
): Generator<readonly [span: S, spent: TimeInStatus] | undefined> {
  let status = before;
  let next = 0;
  for (const span of spans) {
    const spent: Record<ShownStatus, number> = { online: 0, away: 0, busy: 0, offline: 0, unknown: 0 };
    let sinceMs = span.startMs;
    for (; next < rows.length && rows[next]!.at.getTime() < span.endMs; next += 1) {
      const atMs = Math.max(span.startMs, rows[next]!.at.getTime());
      spent[status] += atMs - sinceMs;
      [sinceMs, status] = [atMs, rows[next]!.to];
      if ((next + 1) % ROWS_AT_ONCE === 0) yield undefined;
    }
    spent[status] += span.endMs - sinceMs;
    yield [span, spent];
  }
}
