import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { historyRow, type HistoryRow } from '../domain/history';
import type { Cause, Status, UserRecord } from '../domain/types';

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
export const DAYS = 730;
const PEOPLE = 500;
/** Everybody comes and goes once a day, so many of ten have a break. */
const BREAKS_OF_TEN = 4;

/** Two years of an office, ending yesterday, a day at a time, oldest first. The same each time. */
export function* officeDays(nowMs: number): Generator<HistoryRow[]> {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const users = new Map<string, UserRecord>();
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let day = DAYS; day > 0; day--) {
    const startMs = today - day * DAY_MS;
    const changes: { readonly uid: string; readonly atMs: number; readonly to: Status; readonly cause: Cause }[] = [];
    for (let person = 0; person < PEOPLE; person++) {
      const change = (hour: number, to: Status, cause: Cause = 'connection') =>
        changes.push({ uid: `u${person}`, atMs: Math.floor(startMs + (hour + random()) * HOUR_MS), to, cause });
      change(7 + 2 * random(), 'online');
      if (person % 10 < BREAKS_OF_TEN) {
        change(11, 'busy', 'claim');
        change(13, 'online', 'claim');
      }
      change(16 + 2 * random(), 'offline', person % 100 === 0 ? 'lease' : 'connection');
    }
    yield changes
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ uid, atMs, to, cause }) => {
        const before = users.get(uid) ?? { _id: uid, status: 'offline' as const, presenceRev: 0 };
        const presenceChange = { cause, from: before.status, at: new Date(atMs) };
        const after: UserRecord = { ...before, status: to, presenceChange, presenceRev: before.presenceRev + 1 };
        users.set(uid, after);
        return historyRow(before, after);
      });
  }
}

/** As the embedded store writes it: a line a row, a file a day. */
export async function writeOffice(dataDir: string, nowMs: number): Promise<number> {
  const folder = path.join(dataDir, 'history');
  await mkdir(folder, { recursive: true });
  let rows = 0;
  for (const day of officeDays(nowMs)) {
    const lines = day.map((row) => JSON.stringify({ ...row, at: { $$date: row.at.getTime() } }));
    await writeFile(path.join(folder, `${day[0]!.at.toISOString().slice(0, 10)}.db`), `${lines.join('\n')}\n`);
    rows += day.length;
  }
  return rows;
}
