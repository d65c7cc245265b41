import { promises as fs } from 'node:fs';
import type { HistoryRow } from '../../domain/history';
import { Turns } from '../turns';
import { asError, PresenceError } from '../wire/errors';
import type { Availability } from './availability';
import { DocumentFile } from './document-file';
import { scanRows } from './history-scan';

/** The changes of one day of the embedded history, oldest first, and their file, which is opened when something is to be written. */
export class HistoryDay {
  private opening: Promise<DocumentFile<HistoryRow>> | undefined;
  private readonly turns = new Turns();

  private constructor(
    private readonly filename: string | undefined,
    private readonly availability: Availability | undefined,
    private kept: HistoryRow[],
  ) {}

  /**
   * Reads a day's rows.
   *
   * @param filename absent: the day is kept in memory only
   * @throws PresenceError STORE_UNAVAILABLE
   */
  static async read(filename: string | undefined, availability?: Availability): Promise<HistoryDay> {
    const rows = filename === undefined ? [] : await scanRows(filename);
    const day = new HistoryDay(filename, availability, rows ?? []);
    if (!rows) await day.file();
    return day;
  }

  get rows(): readonly HistoryRow[] {
    return this.kept;
  }

  /** Rows that are there already are passed over. @throws PresenceError STORE_UNAVAILABLE */
  append(added: readonly HistoryRow[]): Promise<void> {
    return this.turns.take(async () => {
      const file = await this.file();
      const fresh = added.filter(({ _id }) => file.get(_id) === undefined);
      await file.putAll(fresh);
      insert(this.kept, fresh);
    });
  }

  /** Nothing of them is left in the file. @throws PresenceError STORE_UNAVAILABLE */
  erase(rows: readonly HistoryRow[]): Promise<void> {
    const ids = new Set(rows.map(({ _id }) => _id));
    return this.turns.take(async () => {
      await (await this.file()).eraseAll([...ids]);
      this.kept = this.kept.filter(({ _id }) => !ids.has(_id));
    });
  }

  close(): Promise<void> {
    return this.turns.take(async () => (await this.opening)?.close());
  }

  /** Deletes the file. */
  async remove(): Promise<void> {
    if (this.opening) await (await this.opening).remove();
    else if (this.filename) await fs.rm(this.filename, { force: true });
  }

  private file(): Promise<DocumentFile<HistoryRow>> {
    this.opening ??= this.open();
    return this.opening;
  }

  private async open(): Promise<DocumentFile<HistoryRow>> {
    const file = new DocumentFile<HistoryRow>(this.filename, this.availability);
    try {
      await file.open();
    } catch (thrown) {
      this.opening = undefined;
      throw new PresenceError('STORE_UNAVAILABLE', asError(thrown).message);
    }
    this.kept = [];
    insert(this.kept, [...file.values()]);
    return file;
  }
}

/** Puts rows where they belong, which is nearly always the end. */
function insert(rows: HistoryRow[], added: readonly HistoryRow[]): void {
  for (const row of [...added].sort((a, b) => (a._id < b._id ? -1 : 1))) {
    if (rows.length === 0 || rows.at(-1)!._id < row._id) rows.push(row);
    else rows.splice(firstFrom(rows, row._id), 0, row);
  }
}

/** Where the first row is whose id is not less. */
export function firstFrom(rows: readonly HistoryRow[], id: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!._id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
