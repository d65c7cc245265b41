import {
  concurrencyOf,
  timeInStatus,
  type CalendarHour,
  type Concurrency,
  type Flow,
  type ShownStatus,
  type TimeInStatus,
} from '../../domain/activity';
import { DAY_MS, MINUTE_MS, type DatedDigest } from '../../domain/day-digest';
import type { HistoryRow } from '../../domain/history';
import { ActiveTally } from './active-users';
import { checkTimeZone, daysOf, hoursOf } from '../schedules/calendar';
import { invalidArgument } from '../wire/errors';
import { groupBy } from '../group-by';
import { digestsOf } from './history-days';
import { msOf } from '../wire/arguments';
import { refuseWhenOff } from './history-reads';
import type { HistoryStore } from '../store/history-port';
import type { PresenceStore } from '../store/port';

export interface ActivityArguments {
  readonly from?: Date | string;
  readonly to?: Date | string;
  readonly timeZone?: string;
}

interface Asked {
  readonly from: Date;
  readonly to: Date;
  readonly timeZone: string;
}

export interface UserActivity extends Asked {
  readonly uid: string;
  /** Milliseconds of each day that the user was shown with each status; `unknown` before the first change that is kept. */
  readonly days: readonly (TimeInStatus & { readonly day: string })[];
}

export interface ActivitySummary extends Asked {
  /** Users who came, went or changed while there, and the most that were there at once. */
  readonly days: readonly { readonly day: string; readonly active: number; readonly peak: number }[];
  readonly weeks: readonly { readonly week: string; readonly active: number }[];
  readonly months: readonly { readonly month: string; readonly active: number }[];
  /** The 24 hours of the day: the most people there at once, and how many on average. */
  readonly hours: readonly (Concurrency & { readonly hour: number })[];
  /** People there on average: seven rows from Monday to Sunday, 24 hours each; null for an hour that is not in the time asked for. */
  readonly heatMap: readonly (readonly (number | null)[])[];
}

const DEFAULT_DAYS = 30;
const MOST_DAYS = 3660;
const PAGE = 5000;

/**
 * How long a user was shown with each status, day by day.
 *
 * @throws PresenceError STORE_UNAVAILABLE; HISTORY_OFF; INVALID_ARGUMENT for times or a zone that are none
 */
export async function userActivity(
  store: PresenceStore,
  { uid, ...given }: ActivityArguments & { readonly uid: string },
  nowMs: number,
): Promise<UserActivity> {
  refuseWhenOff(store.history);
  const { fromMs, toMs, timeZone } = asked(given, nowMs);
  const rows = await rowsOf(store.history, uid, fromMs, nowMs + DAY_MS);
  const before = await shownBefore(store, uid, fromMs, rows[0]);
  const spans = daysOf(fromMs, toMs, timeZone);
  const times = timeInStatus(spans, rows, before);
  const days = spans.map(({ day }, i) => ({ day, ...times[i]! }));
  return { uid, from: new Date(fromMs), to: new Date(toMs), timeZone, days };
}

/** How many people were there, and when. @throws as `userActivity` */
export async function activitySummary(
  store: PresenceStore,
  given: ActivityArguments,
  nowMs: number,
): Promise<ActivitySummary> {
  const { history } = store;
  refuseWhenOff(history);
  const { fromMs, toMs, timeZone } = asked(given, nowMs);
  const [tally, flow] = [new ActiveTally(timeZone), [] as Flow[]];
  for await (const dated of digestsOf(history, { fromMs, toMs }, nowMs)) {
    tally.add(dated);
    flow.push(...flowOf(dated));
  }
  const there = await concurrency(store, hoursOf(fromMs, toMs, timeZone), flow, nowMs);
  const active = tally.counts;
  const inOrder = (counts: ReadonlyMap<string, number>) => [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    from: new Date(fromMs),
    to: new Date(toMs),
    timeZone,
    days: [...groupBy(there, ({ day }) => day)].map(([day, hours]) => {
      return { day, active: active.day.get(day) ?? 0, peak: Math.max(...hours.map(({ peak }) => peak)) };
    }),
    weeks: inOrder(active.week).map(([week, users]) => ({ week, active: users })),
    months: inOrder(active.month).map(([month, users]) => ({ month, active: users })),
    hours: [...groupBy(there, ({ hour }) => hour)]
      .sort(([a], [b]) => a - b)
      .map(([hour, all]) => ({ hour, peak: Math.max(...all.map(({ peak }) => peak)), average: averageOf(all) })),
    heatMap: heatMapOf(there),
  };
}

type CountedHour = CalendarHour & Concurrency;

/**
 * People there in each hour: counted back from how many are there now.
 *
 * @param flow in these hours
 */
async function concurrency(
  store: PresenceStore,
  hours: readonly CalendarHour[],
  flow: readonly Flow[],
  nowMs: number,
): Promise<CountedHour[]> {
  const [first, last] = [hours[0]!, hours.at(-1)!];
  const { online, away, busy } = await store.statusCounts();
  let atStart = online + away + busy;
  const since = { fromMs: last.endMs, toMs: Math.max(nowMs, last.endMs) + DAY_MS };
  for await (const dated of digestsOf(store.history, since, nowMs)) {
    for (const { delta } of flowOf(dated)) atStart -= delta;
  }
  for (const { delta } of flow) atStart -= delta;
  // The first minute began before what is asked for.
  const inside = flow.map(({ atMs, delta }) => ({ atMs: Math.max(atMs, first.startMs), delta }));
  const counted = concurrencyOf(hours, inside, Math.max(0, atStart));
  return hours.map((hour, i) => ({ ...hour, ...counted[i]! }));
}

function flowOf({ dayMs, digest }: DatedDigest): Flow[] {
  return digest.flow.map(([minute, delta]) => ({ atMs: dayMs + minute * MINUTE_MS, delta }));
}

function heatMapOf(hours: readonly CountedHour[]): (number | null)[][] {
  const byPlace = groupBy(hours, ({ weekday, hour }) => 24 * (weekday - 1) + hour);
  return Array.from({ length: 7 }, (_, weekday) =>
    Array.from({ length: 24 }, (_, hour) => {
      const all = byPlace.get(24 * weekday + hour);
      return all ? averageOf(all) : null;
    }),
  );
}

/** By the time that each lasted, to two digits. */
function averageOf(hours: readonly CountedHour[]): number {
  let [personMs, ms] = [0, 0];
  for (const { startMs, endMs, average } of hours) {
    personMs += average * (endMs - startMs);
    ms += endMs - startMs;
  }
  return Math.round((100 * personMs) / ms) / 100;
}

/** All rows of a user in a stretch of time, oldest first; those after what is asked for tell what was shown before them. */
async function rowsOf(history: HistoryStore, uid: string, fromMs: number, toMs: number): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  for (let before: string | undefined; ; before = rows.at(-1)!._id) {
    const page = await history.list({ uid, fromMs, toMs }, PAGE, before);
    rows.push(...page);
    if (page.length < PAGE) return rows.reverse();
  }
}

/** What was shown at a time: by the last change before it, else by the next one, else by what is stored. */
async function shownBefore(
  store: PresenceStore,
  uid: string,
  atMs: number,
  next: HistoryRow | undefined,
): Promise<ShownStatus> {
  const [last] = await store.history.list({ uid, toMs: atMs }, 1);
  if (last) return last.to;
  if (next) return next.from ?? 'unknown';
  const user = (await store.usersOf([uid])).get(uid);
  const changedAt = user?.presenceChange?.at.getTime();
  return changedAt !== undefined && changedAt < atMs ? (user?.status ?? 'unknown') : 'unknown';
}

function asked({ from, to, timeZone = 'UTC' }: ActivityArguments, nowMs: number) {
  const toMs = Math.min(msOf('to', to) ?? nowMs, nowMs);
  const fromMs = msOf('from', from) ?? toMs - DEFAULT_DAYS * DAY_MS;
  if (fromMs >= toMs) throw invalidArgument('from', 'must be before `to` and before now');
  if (toMs - fromMs > MOST_DAYS * DAY_MS)
    throw invalidArgument('from', `must be at most ${MOST_DAYS} days before \`to\``);
  return { fromMs, toMs, timeZone: checkTimeZone(timeZone) };
}
