import { DateTime, type IANAZone } from 'luxon';
import type { CalendarHour, Span } from '../../domain/activity';
import { zoneOf } from './time-zone';

export const PERIODS = ['day', 'week', 'month'] as const;
/** Weeks are ISO's: they begin on Monday. */
export type Period = (typeof PERIODS)[number];

export interface CalendarDay extends Span {
  /** `2026-11-25` */
  readonly day: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SUNDAY = 7;

/** Names of periods, as `2026-11-25`, `2026-W48`, `2026-11`. */
const NAMES: Readonly<Record<Period, string>> = { day: 'yyyy-MM-dd', week: "kkkk-'W'WW", month: 'yyyy-MM' };

/** The hours from one time to another as the clocks of a time zone show them, one by one; the first and last may be cut short. */
export function* hoursOf(fromMs: number, toMs: number, zone: string): Generator<CalendarHour> {
  for (const { day, weekday, startMs, endMs } of localDays(fromMs, toMs, zone)) {
    // On all but two days of a year the hours follow by themselves.
    if (endMs - startMs === DAY_MS) {
      for (let hour = 0; hour < 24; hour += 1) {
        yield { day, weekday, hour, startMs: startMs + hour * HOUR_MS, endMs: startMs + (hour + 1) * HOUR_MS };
      }
      continue;
    }
    for (const [hour, span] of localHours(startMs, endMs, zone)) yield { day, weekday, hour, ...span };
  }
}

/** The same of days, which have 23 or 25 hours where clocks are set. */
export function* daysOf(fromMs: number, toMs: number, zone: string): Generator<CalendarDay> {
  for (const { day, startMs, endMs } of localDays(fromMs, toMs, zone)) yield { day, startMs, endMs };
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

interface LocalDay extends CalendarDay {
  /** 1 is Monday, 7 Sunday. */
  readonly weekday: number;
}

function* localDays(fromMs: number, toMs: number, zoneName: string): Generator<LocalDay> {
  const zone = zoneOf(zoneName);
  let beginsMs = DateTime.fromMillis(fromMs, { zone }).startOf('day').toMillis();
  let offsetMs = zone.offset(beginsMs) * MINUTE_MS;
  while (beginsMs < toMs) {
    const clock = new Date(beginsMs + offsetMs);
    const next = nextDay(beginsMs, offsetMs, zone);
    const span = { startMs: Math.max(fromMs, beginsMs), endMs: Math.min(toMs, next.beginsMs) };
    yield { ...span, day: clock.toISOString().slice(0, 'yyyy-MM-dd'.length), weekday: clock.getUTCDay() || SUNDAY };
    ({ beginsMs, offsetMs } = next);
  }
}

/** Asks the zone once, where luxon asks six times: years have many days, and most are like the one before. */
function nextDay(beginsMs: number, offsetMs: number, zone: IANAZone): { beginsMs: number; offsetMs: number } {
  const isMidnight = (beginsMs + offsetMs) % DAY_MS === 0; // of a day whose first hour is left out it is not
  if (isMidnight && zone.offset(beginsMs + DAY_MS) * MINUTE_MS === offsetMs) {
    return { beginsMs: beginsMs + DAY_MS, offsetMs };
  }
  const nextMs = DateTime.fromMillis(beginsMs, { zone }).plus({ day: 1 }).startOf('day').toMillis();
  return { beginsMs: nextMs, offsetMs: zone.offset(nextMs) * MINUTE_MS };
}

function* localHours(fromMs: number, toMs: number, zone: string): Generator<readonly [hour: number, span: Span]> {
  let local = DateTime.fromMillis(fromMs, { zone: zoneOf(zone) }).startOf('hour');
  while (local.toMillis() < toMs) {
    const next = local.plus({ hour: 1 }).startOf('hour');
    // An hour that clocks show twice begins before it begins again.
    const end = next > local ? next : local.plus({ hours: 1 });
    const span = { startMs: Math.max(fromMs, local.toMillis()), endMs: Math.min(toMs, end.toMillis()) };
    if (span.endMs > span.startMs) yield [local.hour, span];
    local = end;
  }
}
