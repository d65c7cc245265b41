import { DateTime, type DateTimeUnit } from 'luxon';
import type { CalendarHour, Span } from '../../domain/activity';
import { zoneOf } from './time-zone';

export const PERIODS = ['day', 'week', 'month'] as const;
/** Weeks are ISO's: they begin on Monday. */
export type Period = (typeof PERIODS)[number];

export interface CalendarDay extends Span {
  /** `2026-11-25` */
  readonly day: string;
}

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** Names of periods, as `2026-11-25`, `2026-W48`, `2026-11`. */
const NAMES: Readonly<Record<Period, string>> = { day: 'yyyy-MM-dd', week: "kkkk-'W'WW", month: 'yyyy-MM' };

/** The hours from one time to another as the clocks of a time zone show them, one by one; the first and last may be cut short. */
export function* hoursOf(fromMs: number, toMs: number, zone: string): Generator<CalendarHour> {
  for (const [local, { startMs, endMs }] of stretches(fromMs, toMs, zone, 'day')) {
    const day = { day: local.toFormat(NAMES.day), weekday: local.weekday };
    // Years have many days, and on all but two of each the hours follow by themselves.
    if (endMs - startMs === DAY_MS) {
      for (let hour = 0; hour < 24; hour += 1) {
        yield { ...day, hour, startMs: startMs + hour * HOUR_MS, endMs: startMs + (hour + 1) * HOUR_MS };
      }
      continue;
    }
    for (const [{ hour }, span] of stretches(startMs, endMs, zone, 'hour')) yield { ...day, hour, ...span };
  }
}

/** The same of days, which have 23 or 25 hours where clocks are set. */
export function* daysOf(fromMs: number, toMs: number, zone: string): Generator<CalendarDay> {
  for (const [local, span] of stretches(fromMs, toMs, zone, 'day')) yield { ...span, day: local.toFormat(NAMES.day) };
}

/** Names the period a time falls in. Times must not go back: what is known of the last one's period is used again. */
export function periodNames(period: Period, zone: string): (ms: number) => string {
  let [endMs, name] = [-Infinity, ''];
  return (ms) => {
    if (ms >= endMs) {
      const local = DateTime.fromMillis(ms, { zone: zoneOf(zone) });
      endMs = local.endOf(period).toMillis() + 1;
      name = local.toFormat(NAMES[period]);
    }
    return name;
  };
}

function* stretches(
  fromMs: number,
  toMs: number,
  zone: string,
  unit: DateTimeUnit & ('hour' | 'day'),
): Generator<readonly [local: DateTime, span: Span]> {
  let local = DateTime.fromMillis(fromMs, { zone: zoneOf(zone) }).startOf(unit);
  while (local.toMillis() < toMs) {
    const next = local.plus({ [unit]: 1 }).startOf(unit);
    // An hour that clocks show twice begins before it begins again.
    const end = next > local ? next : local.plus({ hours: 1 });
    const span = { startMs: Math.max(fromMs, local.toMillis()), endMs: Math.min(toMs, end.toMillis()) };
    if (span.endMs > span.startMs) yield [local, span];
    local = end;
  }
}
