import { promises as fs } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { deltaOf, isSignOfLife, type Flow } from '../../domain/activity';
import { isAskedFor, type HistoryFilter, type HistoryRow } from '../../domain/history';
import { periodNames, PERIODS } from '../calendar';
import { asError, PresenceError } from '../errors';
import { groupBy } from '../group-by';
import { DocumentFile } from './document-file';
import type { ActiveUsers, HistoryStore, TimeRange } from './history-port';

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
  /** Each is read when it is first asked for: a node that nobody asks has today's in memory. */
  private readonly days = new Map<string, Promise<Day> | undefined>();

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
      if (day) this.days.set(day, undefined);
    }
  }

  async close(): Promise<void> {
    for (const day of this.days.values()) await day?.then(({ file }) => file.close());
  }

  async append(rows: readonly HistoryRow[]): Promise<void> {
    if (!this.keeps) return;
    const byDay = groupBy(rows, ({ at }) => at.toISOString().slice(0, 10));
    for (const [name, added] of byDay) {
      const day = await this.dayOf(name);
      const fresh = added.filter(({ _id }) => day.file.get(_id) === undefined);
      await day.file.putAll(fresh);
      insert(day.rows, fresh);
    }
  }

  async list(filter: HistoryFilter, limit: number, before?: string): Promise<HistoryRow[]> {
    const found: HistoryRow[] = [];
    for (const name of this.newestFirst(filter)) {
      const { rows } = await this.dayOf(name);
      for (let i = before === undefined ? rows.length : firstFrom(rows, before); i-- > 0;) {
        if (found.length === limit) return found;
        if (isAskedFor(rows[i]!, filter)) found.push(rows[i]!);
      }
    }
    return found;
  }

  async count(filter: HistoryFilter): Promise<number> {
    let count = 0;
    for (const name of this.newestFirst(filter)) {
      const { rows } = await this.dayOf(name);
      for (const row of rows) if (isAskedFor(row, filter)) count += 1;
    }
    return count;
  }

  async erase(uid: string): Promise<number> {
    let erased = 0;
    for (const name of this.days.keys()) {
      const day = await this.dayOf(name);
      const theirs = day.rows.filter((row) => row.uid === uid);
      await day.file.removeAll(theirs.map(({ _id }) => _id));
      if (theirs.length > 0) day.rows = day.rows.filter((row) => row.uid !== uid);
      erased += theirs.length;
    }
    return erased;
  }

  async activeUsers(range: TimeRange, timeZone: string): Promise<ActiveUsers> {
    const tallies = PERIODS.map((period) => new PeriodTally(periodNames(period, timeZone)));
    for await (const rows of this.oldestFirst(range)) {
      for (const row of rows) {
        if (!isSignOfLife(row)) continue;
        for (const tally of tallies) tally.add(row.at.getTime(), row.uid);
      }
    }
    const [day, week, month] = tallies.map(({ counts }) => counts);
    return { day: day!, week: week!, month: month! };
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
    for (const name of this.days.keys()) {
      if (endOf(name) > nowMs - this.retentionDays * DAY_MS) continue;
      const day = await this.days.get(name);
      this.days.delete(name);
      if (day) await day.file.remove();
      else await fs.rm(this.fileOf(name)!, { force: true });
    }
  }

  /** The days that may hold some of those asked for. */
  private newestFirst({ fromMs = -Infinity, toMs = Infinity }: HistoryFilter): string[] {
    const names = [...this.days.keys()].filter((name) => endOf(name) > fromMs && Date.parse(name) < toMs);
    return names.sort().reverse();
  }

  /** Years are walked through in steps, between which others have their turn. */
  private async *oldestFirst(range: TimeRange): AsyncGenerator<readonly HistoryRow[]> {
    let walked = 0;
    for (const name of this.newestFirst(range).reverse()) {
      const { rows } = await this.dayOf(name);
      yield rows.filter((row) => isAskedFor(row, range));
      walked += rows.length;
      if (walked < ROWS_AT_A_STRETCH) continue;
      walked = 0;
      await setImmediate();
    }
  }

  /** Its rows are read from its file, or there is a new day. One that cannot be read is tried again when it is next asked for. */
  private dayOf(name: string): Promise<Day> {
    const known = this.days.get(name);
    if (known) return known;
    const opening = openDay(this.fileOf(name));
    this.days.set(name, opening);
    opening.catch(() => this.days.set(name, undefined));
    return opening;
  }

  private fileOf(name: string): string | undefined {
    return this.folder && path.join(this.folder, `${name}.db`);
  }
}

/** @throws PresenceError STORE_UNAVAILABLE */
async function openDay(filename: string | undefined): Promise<Day> {
  const file = new DocumentFile<HistoryRow>(filename);
  try {
    await file.open();
  } catch (thrown) {
    throw new PresenceError('STORE_UNAVAILABLE', asError(thrown).message);
  }
  const rows: HistoryRow[] = [];
  insert(rows, [...file.values()]);
  return { file, rows };
}

/** Counts each user once a period. Times must not go back. */
class PeriodTally {
  readonly counts = new Map<string, number>();
  private readonly seen = new Set<string>();
  private last = '';

  constructor(private readonly nameOf: (ms: number) => string) {}

  add(ms: number, uid: string): void {
    const name = this.nameOf(ms);
    if (name !== this.last) {
      this.seen.clear();
      this.last = name;
    }
    const before = this.seen.size;
    if (this.seen.add(uid).size > before) this.counts.set(name, before + 1);
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
