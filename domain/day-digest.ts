import { deltaOf, isSignOfLife } from './activity';
import type { HistoryRow } from './history';
import type { Cause, Status } from './types';

export const DAY_MS = 24 * 60 * 60_000;
export const MINUTE_MS = 60_000;
/** The calendars of all time zones change days at a quarter of an hour of UTC. */
export const QUARTER_MS = 15 * MINUTE_MS;
export const QUARTERS = DAY_MS / QUARTER_MS;

/** What is asked of a day of history, or of a part of one, counted. Days are UTC's; plain JSON, with which it is kept. */
export interface DayDigest {
  /** How many changes there are. */
  readonly rows: number;
  /** How many of each cause that led to each status. */
  readonly counts: readonly (readonly [cause: Cause, to: Status, changes: number])[];
  /** By how many more (or fewer) people were there after a minute of the day than before it, in order; none without a difference. */
  readonly flow: readonly (readonly [minute: number, delta: number])[];
  /** Of each user the quarters of an hour of the day, in order, in which he came, went or changed while there. */
  readonly active: readonly (readonly [uid: string, quarters: readonly number[]])[];
}

/** A digest and the day it is of, by its beginning in epoch milliseconds. */
export interface DatedDigest {
  readonly dayMs: number;
  readonly digest: DayDigest;
}

/** A day is over so long after its end: changes are written late where the store was away, or clocks differ. */
export const OVER_AFTER_MS = 60 * MINUTE_MS;

/** Days that rows are of, where a digest may have been made of them. Replicas' clocks may differ by half of that hour. */
export function daysOver(rows: readonly Pick<HistoryRow, 'at'>[], nowMs: number): number[] {
  const days = new Set(rows.map(({ at }) => dayOf(at.getTime())));
  return [...days].filter((dayMs) => dayMs + DAY_MS + OVER_AFTER_MS / 2 <= nowMs);
}

/** When the day of a time begins. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

/** As files and documents are named: `2026-11-25`. */
export function dayName(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** @param rows of one day, in any order */
export function digestOf(rows: Iterable<Omit<HistoryRow, '_id' | 'rev'>>): DayDigest {
  const counts = new Map<string, [Cause, Status, number]>();
  const flow = new Map<number, number>();
  const active = new Map<string, Set<number>>();
  let count = 0;
  for (const row of rows) {
    count += 1;
    const ms = row.at.getTime() - dayOf(row.at.getTime());
    const key = `${row.cause} ${row.to}`;
    const counted = counts.get(key);
    if (counted) counted[2] += 1;
    else counts.set(key, [row.cause, row.to, 1]);
    const minute = Math.floor(ms / MINUTE_MS);
    const delta = deltaOf(row);
    if (delta !== 0) flow.set(minute, (flow.get(minute) ?? 0) + delta);
    if (!isSignOfLife(row)) continue;
    const quarters = active.get(row.uid);
    if (quarters) quarters.add(Math.floor(ms / QUARTER_MS));
    else active.set(row.uid, new Set([Math.floor(ms / QUARTER_MS)]));
  }
  return {
    rows: count,
    counts: [...counts.values()],
    flow: inOrder([...flow].filter(([, delta]) => delta !== 0)),
    active: [...active].map(([uid, quarters]) => [uid, [...quarters].sort((a, b) => a - b)]),
  };
}

function inOrder<T>(pairs: [number, T][]): [number, T][] {
  return pairs.sort(([a], [b]) => a - b);
}
