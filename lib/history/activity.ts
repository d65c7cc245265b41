import {
  concurrencyOf,
  timeInStatus,
  type Concurrency,
  type Flow,
  type ShownStatus,
  type TimeInStatus,
} from '../../domain/activity';
import { DAY_MS, MINUTE_MS, type DatedDigest } from '../../domain/day-digest';
import type { HistoryRow } from '../../domain/history';
import { erasedAtMs, sinceErasure, type ShownFrom } from './erasure';
import { ActiveTally } from './active-users';
import { breather } from '../breather';
import { daysOf, hoursOf } from '../schedules/calendar';
import { checkTimeZone } from '../schedules/time-zone';
import { invalidArgument } from '../wire/errors';
import { digestsOf } from './history-days';
import { msOf } from '../wire/arguments';
import { refuseWhenOff } from './history-reads';
import { HourTally } from './hour-tally';
import type { HistoryStore, TimeRange } from '../store/history-port';
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
  const { fromMs, toMs, timeZone } = await asked(store.history, given, nowMs);
  const breathe = breather();
  const { rows, before } = await knownOf(store, uid, fromMs, nowMs);
  const days: UserActivity['days'][number][] = [];
  for (const counted of timeInStatus(daysOf(fromMs, toMs, timeZone), rows, before)) {
    if (counted) days.push({ day: counted[0].day, ...counted[1] });
    await breathe();
  }
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
  const { fromMs, toMs, timeZone } = await asked(history, given, nowMs);
  const breathe = breather();
  const [tally, flow] = [new ActiveTally(timeZone), [] as Flow[]];
  for await (const dated of digestsOf(history, { fromMs, toMs }, nowMs)) {
    await tally.add(dated, breathe);
    for (const change of flowOf(dated)) flow.push(change);
  }
  const since = { fromMs: toMs, toMs: Math.max(nowMs, toMs) + DAY_MS };
  const atStart = await thereAt(store, since, flow, nowMs);
  // The first minute began before what is asked for.
  for (let i = 0; i < flow.length && flow[i]!.atMs < fromMs; i += 1) flow[i] = { ...flow[i]!, atMs: fromMs };
  const hours = new HourTally();
  for (const hour of concurrencyOf(hoursOf(fromMs, toMs, timeZone), flow, atStart)) {
    hours.add(hour);
    await breathe();
  }
  const active = tally.counts;
  const inOrder = (counts: ReadonlyMap<string, number>) => [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    from: new Date(fromMs),
    to: new Date(toMs),
    timeZone,
    days: [...hours.peaks].map(([day, peak]) => ({ day, active: active.day.get(day) ?? 0, peak })),
    weeks: inOrder(active.week).map(([week, users]) => ({ week, active: users })),
    months: inOrder(active.month).map(([month, users]) => ({ month, active: users })),
    hours: hours.ofDay,
    heatMap: hours.heatMap,
  };
}

/** How many people were there when what is asked for begins: counted back from how many are there now. */
async function thereAt(store: PresenceStore, since: TimeRange, flow: readonly Flow[], nowMs: number): Promise<number> {
  const { online, away, busy } = await store.statusCounts();
  let there = online + away + busy;
  for await (const dated of digestsOf(store.history, since, nowMs)) {
    for (const { delta } of flowOf(dated)) there -= delta;
  }
  for (const { delta } of flow) there -= delta;
  return Math.max(0, there);
}

function flowOf({ dayMs, digest }: DatedDigest): Flow[] {
  return digest.flow.map(([minute, delta]) => ({ atMs: dayMs + minute * MINUTE_MS, delta }));
}

/** What is known of a user from a time on. */
async function knownOf(
  store: PresenceStore,
  uid: string,
  fromMs: number,
  nowMs: number,
): Promise<{ readonly rows: readonly ShownFrom[]; readonly before: ShownStatus }> {
  const rows = await rowsOf(store.history, uid, fromMs, nowMs + DAY_MS);
  const erasedMs = await erasedAtMs(store, uid);
  if (erasedMs === undefined || erasedMs <= fromMs) {
    return { rows, before: await shownBefore(store, uid, fromMs, rows[0]) };
  }
  return sinceErasure(erasedMs, rows, (await store.usersOf([uid])).get(uid));
}

/** All rows of a user in a stretch of time, oldest first; those after what is asked for tell what was shown before them. */
async function rowsOf(history: HistoryStore, uid: string, fromMs: number, toMs: number): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  const breathe = breather();
  for (let before: string | undefined; ; before = rows.at(-1)!._id) {
    const page = await history.list({ uid, fromMs, toMs }, PAGE, before);
    rows.push(...page);
    await breathe(); // whole days may be in memory
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

/** Longer ago than 30 days it begins where history does: nothing is made of years in which nothing is known. */
async function asked(history: HistoryStore, { from, to, timeZone = 'UTC' }: ActivityArguments, nowMs: number) {
  const toMs = Math.min(msOf('to', to) ?? nowMs, nowMs);
  const fromMs = msOf('from', from) ?? toMs - DEFAULT_DAYS * DAY_MS;
  if (fromMs >= toMs) throw invalidArgument('from', 'must be before `to` and before now');
  if (toMs - fromMs > MOST_DAYS * DAY_MS)
    throw invalidArgument('from', `must be at most ${MOST_DAYS} days before \`to\``);
  const checked = checkTimeZone(timeZone);
  const knownSinceMs = (await history.extent())?.fromMs ?? toMs;
  const earliestMs = Math.min(knownSinceMs, toMs - DEFAULT_DAYS * DAY_MS);
  return { fromMs: Math.max(fromMs, earliestMs), toMs, timeZone: checked };
}
