import { STATUSES } from './store.js';

const HOUR_MS = 3_600_000;
const STEP_MS = 5 * 60_000;
const STEPS = 24 * 12;
/** More changes than this in a day are summed by the server, by the hour, instead of being read one by one. */
const MOST_CHANGES = 20_000;
const PAGE = 1_000;
const SHOWN = STATUSES.filter((status) => status !== 'offline');

/**
 * The last day. Where its changes are few enough, `statuses` every five minutes; else `hours`, people there on average and at most.
 *
 * @param counts people by status now
 * @returns {{kind: 'statuses' | 'hours', data: number[][]}} seconds, then a row of values for each line
 * @throws ApiError; HISTORY_OFF where no history is kept
 */
export async function lastDay(api, counts, nowMs = Date.now()) {
  const from = new Date(nowMs - STEPS * STEP_MS).toISOString();
  const { count } = countOf(await api.get('history/count', { from }));
  if (count > MOST_CHANGES) return { kind: 'hours', data: await hours(api, nowMs) };
  const changes = [];
  for await (const page of api.pages('history', { from, limit: PAGE })) changes.push(...page.changes);
  return { kind: 'statuses', data: countedBack(changes, counts, nowMs) };
}

/** The bus's action answers a bare number, REST an object. */
function countOf(answer) {
  return typeof answer === 'number' ? { count: answer } : answer;
}

/**
 * From what is shown now back through the changes: before each of them one person more had its `from`, and one fewer its `to`.
 *
 * @param changes newest first
 * @returns seconds, online, away, busy; in the order of time
 */
export function countedBack(changes, counts, nowMs) {
  const now = { ...counts };
  const rows = [];
  let next = 0;
  for (let step = 0; step <= STEPS; step++) {
    const atMs = nowMs - step * STEP_MS;
    for (; next < changes.length && Date.parse(changes[next].at) > atMs; next++) {
      const { from, to } = changes[next];
      if (to in now) now[to] -= 1;
      if (from in now) now[from] += 1;
    }
    rows.unshift([atMs / 1000, ...SHOWN.map((status) => Math.max(0, now[status]))]);
  }
  return rows[0].map((_, column) => rows.map((row) => row[column]));
}

/**
 * The server sums by the hour of the day: over a day each hour is there once. Of an hour that is there twice, as clocks change, both
 * show what the server says of the two.
 *
 * @returns seconds, average, peak
 */
async function hours(api, nowMs) {
  const thisHourMs = beginOfHour(nowMs);
  const firstMs = thisHourMs - 23 * HOUR_MS;
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const asked = { from: new Date(firstMs).toISOString(), to: new Date(nowMs).toISOString(), timeZone };
  const answer = await api.get('activity', asked);
  const byHour = new Map(answer.hours.map((one) => [one.hour, one]));
  const starts = Array.from({ length: 24 }, (_, i) => firstMs + i * HOUR_MS);
  const of = (field) => starts.map((ms) => byHour.get(new Date(ms).getHours())?.[field] ?? null);
  return [starts.map((ms) => ms / 1000), of('average'), of('peak')];
}

/** Counted back, not set: the second 01:30 of a night when clocks go back would else become the first 01:00. */
function beginOfHour(ms) {
  const at = new Date(ms);
  return ms - at.getMinutes() * 60_000 - at.getSeconds() * 1_000 - at.getMilliseconds();
}
