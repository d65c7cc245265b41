import { promises as fs } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { deltaOf, isSignOfLife, type Flow } from '../../domain/activity';
import { isAskedFor, type HistoryFilter, type HistoryRow } from '../../domain/history';
import { periodNames, type Period } from '../calendar';
import { DocumentFile } from './document-file';
import type { HistoryStore, TimeRange } from './history-port';

const DAY_MS = 24 * 60 * 60_000;
const ROWS_AT_A_STRETCH = 20_000;
const FILE_OF_DAY = /^(\d{4}-\d\d-\d\d)\.db$/;

/** The changes of one day, oldest first, and their file. */
interface Day {
  readonly file: DocumentFile<HistoryRow>;
  rows: HistoryRow[];
}

/**
 * The embedded twin's history: a file for each day of UTC, so that what is too old goes with its file and
 * nothing else is ever rewritten for it.
 */
export class EmbeddedHistory implements HistoryStore {
  private readonly days = new Map<string, Day>();

  /**
   * @param folder absent: kept in memory only
   * @param retentionDays 0: nothing is kept
   */
  constructor(
    private readonly folder: string | undefined,
    private readonly retentionDays: number,
  ) {}

  get keeps(): boolean {
    return this.retentionDays > 0;
  }

  async open(): Promise<void> {
    if (!this.folder) return;
    for (const name of await fs.readdir(this.folder).catch(() => [])) {
      const day = FILE_OF_DAY.exec(name)?.[1];
      if (day) await this.dayOf(day);
    }
  }

  async close(): Promise<void> {
    for (const { file } of this.days.values()) await file.close();
  }

  async append(rows: readonly HistoryRow[]): Promise<void> {
    if (!this.keeps) return;
    const byDay = new Map<string, HistoryRow[]>();
    for (const row of rows) {
      const day = row.at.toISOString().slice(0, 10);
      const others = byDay.get(day);
      if (others) others.push(row);
      else byDay.set(day, [row]);
    }
    for (const [name, added] of byDay) {
      const day = await this.dayOf(name);
      const fresh = added.filter(({ _id }) => day.file.get(_id) === undefined);
      await day.file.putAll(fresh);
      insert(day.rows, fresh);
    }
  }

  async list(filter: HistoryFilter, limit: number, before?: string): Promise<HistoryRow[]> {
    const found: HistoryRow[] = [];
    for (const rows of this.newestFirst(filter)) {
      for (let i = before === undefined ? rows.length : firstFrom(rows, before); i-- > 0;) {
        if (found.length === limit) return found;
        if (isAskedFor(rows[i]!, filter)) found.push(rows[i]!);
      }
    }
    return found;
  }

  async count(filter: HistoryFilter): Promise<number> {
    let count = 0;
    for (const rows of this.newestFirst(filter)) for (const row of rows) if (isAskedFor(row, filter)) count += 1;
    return count;
  }

  async erase(uid: string): Promise<number> {
    let erased = 0;
    for (const day of this.days.values()) {
      const theirs = day.rows.filter((row) => row.uid === uid);
      await day.file.removeAll(theirs.map(({ _id }) => _id));
      if (theirs.length > 0) day.rows = day.rows.filter((row) => row.uid !== uid);
      erased += theirs.length;
    }
    return erased;
  }

  async activeUsers(range: TimeRange, period: Period, timeZone: string): Promise<ReadonlyMap<string, number>> {
    const nameOf = periodNames(period, timeZone);
    const counts = new Map<string, number>();
    const seen = new Set<string>();
    let last = '';
    for await (const rows of this.oldestFirst(range)) {
      for (const { at, uid } of rows.filter(isSignOfLife)) {
        const name = nameOf(at.getTime());
        if (name !== last) seen.clear();
        last = name;
        counts.set(name, seen.add(uid).size);
      }
    }
    return counts;
  }

  async flow(range: TimeRange, stepMs: number): Promise<Flow[]> {
    const flow: { atMs: number; delta: number }[] = [];
    for await (const rows of this.oldestFirst(range)) {
      for (const row of rows) {
        const delta = deltaOf(row);
        if (delta === 0) continue;
        const atMs = row.at.getTime() - (row.at.getTime() % stepMs);
        const last = flow.at(-1);
        if (last?.atMs === atMs) last.delta += delta;
        else flow.push({ atMs, delta });
      }
    }
    return flow;
  }

  /** A day goes when its last change is too old. */
  async expire(nowMs: number): Promise<void> {
    if (!this.keeps) return;
    for (const [name, { file }] of this.days) {
      if (endOf(name) > nowMs - this.retentionDays * DAY_MS) continue;
      this.days.delete(name);
      await file.remove();
    }
  }

  /** The rows of each day that may hold some of those asked for. */
  private newestFirst({ fromMs = -Infinity, toMs = Infinity }: HistoryFilter): readonly (readonly HistoryRow[])[] {
    return [...this.days.keys()]
      .filter((name) => endOf(name) > fromMs && Date.parse(name) < toMs)
      .sort()
      .reverse()
      .map((name) => this.days.get(name)!.rows);
  }

  /** Years are walked through in steps, between which others have their turn. */
  private async *oldestFirst(range: TimeRange): AsyncGenerator<readonly HistoryRow[]> {
    let walked = 0;
    for (const rows of [...this.newestFirst(range)].reverse()) {
      yield rows.filter((row) => isAskedFor(row, range));
      walked += rows.length;
      if (walked < ROWS_AT_A_STRETCH) continue;
      walked = 0;
      await setImmediate();
    }
  }

  private async dayOf(name: string): Promise<Day> {
    const known = this.days.get(name);
    if (known) return known;
    const day: Day = { file: new DocumentFile(this.folder && path.join(this.folder, `${name}.db`)), rows: [] };
    await day.file.open();
    insert(day.rows, [...day.file.values()]);
    this.days.set(name, day);
    return day;
  }
}

function endOf(day: string): number {
  return Date.parse(day) + DAY_MS;
}

/** Puts rows where they belong, which is nearly always the end. */
function insert(rows: HistoryRow[], added: readonly HistoryRow[]): void {
  for (const row of [...added].sort((a, b) => (a._id < b._id ? -1 : 1))) {
    if (rows.length === 0 || rows.at(-1)!._id < row._id) rows.push(row);
    else rows.splice(firstFrom(rows, row._id), 0, row);
  }
}

/** Where the first row is whose id is not less. */
function firstFrom(rows: readonly HistoryRow[], id: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!._id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
