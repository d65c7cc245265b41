import { DateTime } from 'luxon';
import { zoneOf } from './time-zone';
import { WEEKDAYS, type Occurrence, type Schedule, type WeeklyHours } from '../../domain/schedule';

/** Two weeks, for what would be on one day may not be there at all, and the day before, whose hours may reach into the next. */
const DAYS_LOOKED_AT = 16;
/** Clocks are set by less; Samoa once left out a day, which is looked at as one. */
const LONGEST_CHANGE_MS = 3 * 60 * 60_000;

type Times = Pick<Schedule, 'startsAt' | 'endsAt' | 'weekly' | 'timeZone'>;

/**
 * The first time a schedule holds that ends after the time given: it may have begun before. Weekly hours that lie where
 * clocks are set forward begin when the clocks go on; of an hour that is shown twice both are meant.
 *
 * @param afterMs epoch milliseconds
 */
export function occurrenceAfter(
  { startsAt, endsAt, weekly, timeZone }: Times,
  afterMs: number,
): Occurrence | undefined {
  if (!weekly) return endsAt && endsAt.getTime() > afterMs ? { startsAt, endsAt } : undefined;
  const fromMs = Math.max(afterMs, startsAt.getTime());
  const untilMs = endsAt?.getTime() ?? Infinity;
  const firstDay = DateTime.fromMillis(fromMs, { zone: zoneOf(timeZone) })
    .startOf('day')
    .minus({ days: 1 });
  for (let i = 0; i < DAYS_LOOKED_AT; i++) {
    const day = firstDay.plus({ days: i });
    if (!weekly.days.includes(WEEKDAYS[day.weekday - 1]!)) continue;
    const span = hoursOn(day, weekly);
    const [startMs, endMs] = [Math.max(span.startMs, startsAt.getTime()), Math.min(span.endMs, untilMs)];
    if (endMs > fromMs && endMs > startMs) return { startsAt: new Date(startMs), endsAt: new Date(endMs) };
  }
  return undefined;
}

function hoursOn(day: DateTime, { from, to }: WeeklyHours): { readonly startMs: number; readonly endMs: number } {
  const lastDay = to > from ? day : day.plus({ days: 1 });
  return { startMs: Math.min(...clockOn(day, from)), endMs: Math.max(...clockOn(lastDay, to)) };
}

/** When the clocks show this time of a day: twice where they are set back; where they go on past it, then. */
function clockOn(day: DateTime, time: string): number[] {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  if (hour === 24) return [day.plus({ days: 1 }).startOf('day').toMillis()];
  const shown = day.set({ hour, minute });
  if (shown.hour !== hour || shown.minute !== minute) return [clocksWentOn(shown)];
  return shown.getPossibleOffsets().map((one) => one.toMillis());
}

/** The last change of a zone's offset before a time at which there has just been one. @returns epoch milliseconds */
function clocksWentOn(after: DateTime): number {
  let [beforeMs, sinceMs] = [after.toMillis() - LONGEST_CHANGE_MS, after.toMillis()];
  while (sinceMs - beforeMs > 1) {
    const middleMs = Math.floor((beforeMs + sinceMs) / 2);
    if (after.zone.offset(middleMs) === after.offset) sinceMs = middleMs;
    else beforeMs = middleMs;
  }
  return sinceMs;
}
