import { promises as fs } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DAY_MS, dayName, daysOver, digestOf, type DatedDigest, type DayDigest } from '../../domain/day-digest';
import { isAskedFor, type HistoryFilter, type HistoryRow } from '../../domain/history';
import { breather } from '../breather';
import { groupBy } from '../group-by';
import type { Availability } from './availability';
import { EmbeddedDigests } from './embedded-digests';
import { firstFrom, HistoryDay } from './history-day';
import { scanRows } from './history-scan';
import type { HistoryStore, TimeRange } from './history-port';

const FILE_OF_DAY = /^(\d{4}-\d\d-\d\d)\.db$/;

/**
 * The embedded twin's history: a file for each day of UTC, so that what is too old goes with its file and
 * nothing else is ever rewritten for it.
 */
export class EmbeddedHistory implements HistoryStore {
  /** Each is read when it is first asked for: a node that nobody asks has today's in memory. */
  private readonly days = new Map<string, Promise<HistoryDay> | undefined>();
  /** Days that stay in memory: somebody has asked for their rows, or writes to them. */
  private readonly inUse = new Set<string>();
  private readonly digests: EmbeddedDigests;

  /**
   * @param folder absent: kept in memory only
   * @param retentionDays 0: nothing is kept
   */
  constructor(
    private readonly folder: string | undefined,
    private readonly retentionDays: number,
    private readonly availability?: Availability,
  ) {
    this.digests = new EmbeddedDigests(folder);
  }

  get keeps(): boolean {
    return this.retentionDays > 0;
  }

  async open(): Promise<void> {
    await this.digests.open();
    if (!this.folder) return;
    for (const name of await fs.readdir(this.folder).catch(() => [])) {
      const day = FILE_OF_DAY.exec(name)?.[1];
      if (day) this.days.set(day, undefined);
    }
  }

  async close(): Promise<void> {
    for (const day of this.days.values()) await day?.then((one) => one.close());
  }

  async append(rows: readonly HistoryRow[], nowMs: number): Promise<void> {
    if (!this.keeps) return;
    const byDay = groupBy(rows, ({ at }) => at.toISOString().slice(0, 10));
    for (const [name, added] of byDay) {
      await (await this.dayOf(name)).append(added);
    }
    await this.digests.forget(daysOver(rows, nowMs).map(dayName));
  }

  async list(filter: HistoryFilter, limit: number, before?: string): Promise<HistoryRow[]> {
    const found: HistoryRow[] = [];
    const breathe = breather();
    for (const name of this.newestFirst(filter)) {
      await breathe(); // years of days may be in memory
      const rows = (await this.rowsOfUser(name, filter)) ?? (await this.dayOf(name)).rows;
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
      const countIn = (rows: readonly HistoryRow[]) => rows.filter((row) => isAskedFor(row, filter)).length;
      const rows = await this.rowsOfUser(name, filter);
      count += rows ? countIn(rows) : await this.look(name, countIn);
    }
    return count;
  }

  async erase(uid: string): Promise<number> {
    let erased = 0;
    for (const name of this.days.keys()) {
      const day = await this.dayOf(name);
      const theirs = day.rows.filter((row) => row.uid === uid);
      if (theirs.length === 0) continue;
      await this.digests.forget([name]); // before, for a crash after it, and once more for who makes one in between
      await day.erase(theirs);
      erased += theirs.length;
      await this.digests.forget([name]);
    }
    return erased;
  }

  /** A day goes when its last change is too old. */
  async expire(nowMs: number): Promise<void> {
    if (!this.keeps) return;
    for (const name of this.days.keys()) {
      if (endOf(name) > nowMs - this.retentionDays * DAY_MS) continue;
      const day = await this.days.get(name);
      this.days.delete(name);
      this.inUse.delete(name);
      if (day) await day.remove();
      else await fs.rm(this.fileOf(name)!, { force: true });
      await this.digests.forget([name]);
    }
  }

  async extent(): Promise<TimeRange | undefined> {
    const names = [...this.days.keys()].sort();
    const oldest = await this.firstRow(names);
    const newest = await this.firstRow(names.reverse(), -1);
    return oldest && newest ? { fromMs: oldest.at.getTime(), toMs: newest.at.getTime() + 1 } : undefined;
  }

  async digest(range: TimeRange): Promise<DayDigest> {
    const name = dayName(range.fromMs);
    if (!this.days.has(name)) return digestOf([]);
    return this.look(name, (rows) => digestOf(rows.filter((row) => isAskedFor(row, range))));
  }

  keptDigests(range: TimeRange): AsyncIterable<DatedDigest> {
    return this.digests.kept(range);
  }

  async keepDigest(dated: DatedDigest): Promise<void> {
    const name = dayName(dated.dayMs);
    await this.digests.keep(dated);
    // Whoever writes to a day has it in memory. Who did so before the digest was there could not forget it.
    const day = await this.days.get(name);
    if (day && day.rows.length !== dated.digest.rows) await this.digests.forget([name]);
  }

  /** Where a day is not in memory and one user's rows are asked for: those. Undefined: look at all. */
  private async rowsOfUser(name: string, { uid }: HistoryFilter): Promise<readonly HistoryRow[] | undefined> {
    const file = this.fileOf(name);
    return uid === undefined || !file || this.days.get(name) ? undefined : scanRows(file, uid);
  }

  /** Looks at the rows of a day, which is not kept in memory for this. */
  private async look<T>(name: string, see: (rows: readonly HistoryRow[]) => T): Promise<T> {
    const opening = this.opened(name);
    const day = await opening;
    const seen = see(day.rows);
    if (this.folder && !this.inUse.has(name) && this.days.get(name) === opening) {
      this.days.set(name, undefined);
      await day.close();
    }
    await setImmediate(); // years are walked through in steps, between which others have their turn
    return seen;
  }

  /** Days may be there whose rows have all been erased. */
  private async firstRow(names: readonly string[], at: 0 | -1 = 0): Promise<HistoryRow | undefined> {
    for (const name of names) {
      const row = (await this.dayOf(name)).rows.at(at);
      if (row) return row;
    }
    return undefined;
  }

  /** The days that may hold some of those asked for. */
  private newestFirst({ fromMs = -Infinity, toMs = Infinity }: HistoryFilter): string[] {
    const names = [...this.days.keys()].filter((name) => endOf(name) > fromMs && Date.parse(name) < toMs);
    return names.sort().reverse();
  }

  /** Its rows are read from its file, or there is a new day. One that cannot be read is tried again when it is next asked for. */
  private dayOf(name: string): Promise<HistoryDay> {
    this.inUse.add(name);
    return this.opened(name);
  }

  private opened(name: string): Promise<HistoryDay> {
    const known = this.days.get(name);
    if (known) return known;
    const opening = HistoryDay.read(this.fileOf(name), this.availability);
    this.days.set(name, opening);
    opening.catch(() => this.days.set(name, undefined));
    return opening;
  }

  private fileOf(name: string): string | undefined {
    return this.folder && path.join(this.folder, `${name}.db`);
  }
}

function endOf(day: string): number {
  return Date.parse(day) + DAY_MS;
}
