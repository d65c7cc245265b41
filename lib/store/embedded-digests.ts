import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dayName, type DatedDigest, type DayDigest } from '../../domain/day-digest';
import { asError, PresenceError } from '../wire/errors';
import type { TimeRange } from './history-port';

const FILE_OF_DAY = /^(\d{4}-\d\d-\d\d)\.digest\.json$/;
/** As the other files of this store. */
const PRIVATE_FILE = 0o600;

/** The embedded twin's digests: a file for each day, beside that of its rows. */
export class EmbeddedDigests {
  /** In memory only where there is no folder. */
  private readonly days = new Map<string, DayDigest | undefined>();

  constructor(private readonly folder: string | undefined) {}

  async open(): Promise<void> {
    if (!this.folder) return;
    for (const name of await fs.readdir(this.folder).catch(() => [])) {
      const day = FILE_OF_DAY.exec(name)?.[1];
      if (day) this.days.set(day, undefined);
    }
  }

  /** In order, of days that begin in this time. One that cannot be read is as if it were not there. */
  async *kept({ fromMs, toMs }: TimeRange): AsyncIterable<DatedDigest> {
    for (const name of [...this.days.keys()].sort()) {
      const dayMs = Date.parse(name);
      if (dayMs < fromMs || dayMs >= toMs) continue;
      const digest = await this.read(name);
      if (digest) yield { dayMs, digest };
    }
  }

  /** @throws PresenceError STORE_UNAVAILABLE */
  async keep({ dayMs, digest }: DatedDigest): Promise<void> {
    const name = dayName(dayMs);
    const file = this.fileOf(name);
    if (file) {
      // Beside it and renamed: whoever reads it finds it whole.
      const unfinished = `${file}.new`;
      try {
        await fs.writeFile(unfinished, JSON.stringify(digest), { mode: PRIVATE_FILE });
        await fs.rename(unfinished, file);
      } catch (thrown) {
        throw new PresenceError('STORE_UNAVAILABLE', `a digest cannot be written: ${asError(thrown).message}`);
      }
    }
    this.days.set(name, file ? undefined : digest);
  }

  async forget(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (!this.days.delete(name)) continue;
      const file = this.fileOf(name);
      if (file) await fs.rm(file, { force: true });
    }
  }

  private async read(name: string): Promise<DayDigest | undefined> {
    const file = this.fileOf(name);
    if (!file) return this.days.get(name);
    try {
      return JSON.parse(await fs.readFile(file, 'utf8')) as DayDigest;
    } catch {
      return undefined;
    }
  }

  private fileOf(name: string): string | undefined {
    return this.folder && path.join(this.folder, `${name}.digest.json`);
  }
}
