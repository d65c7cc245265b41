import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dayName, type DatedDigest, type DayDigest } from '../../domain/day-digest';
import { Turns } from '../turns';
import { asError, PresenceError } from '../wire/errors';
import type { TimeRange } from './history-port';

const FILE_OF_DAY = /^(\d{4}-\d\d-\d\d)\.digest\.json$/;
/** Years of days are read in a fraction of the time; few enough for days of many people to be in memory. */
const FILES_AT_ONCE = 16;
/** As the other files of this store. */
const PRIVATE_FILE = 0o600;

/** The embedded twin's digests: a file for each day, beside that of its rows. */
export class EmbeddedDigests {
  /** In memory only where there is no folder. */
  private readonly days = new Map<string, DayDigest | undefined>();
  /** Of each day: one that is kept and one that is kept or forgotten meanwhile would be in each other's way. */
  private readonly turns = new Turns();

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
    const names = [...this.days.keys()].filter((name) => Date.parse(name) >= fromMs && Date.parse(name) < toMs).sort();
    for (let i = 0; i < names.length; i += FILES_AT_ONCE) {
      const some = names.slice(i, i + FILES_AT_ONCE);
      const digests = await Promise.all(some.map((name) => this.read(name)));
      for (const [j, digest] of digests.entries()) if (digest) yield { dayMs: Date.parse(some[j]!), digest };
    }
  }

  /** @throws PresenceError STORE_UNAVAILABLE */
  keep({ dayMs, digest }: DatedDigest): Promise<void> {
    const name = dayName(dayMs);
    return this.turns.take(async () => {
      const file = this.fileOf(name);
      if (file) await write(file, digest);
      this.days.set(name, file ? undefined : digest);
    }, name);
  }

  async forget(names: readonly string[]): Promise<void> {
    for (const name of names) await this.turns.take(() => this.remove(name), name);
  }

  private async remove(name: string): Promise<void> {
    if (!this.days.delete(name)) return;
    const file = this.fileOf(name);
    if (file) await fs.rm(file, { force: true });
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

/** Beside it and renamed: whoever reads it finds it whole. */
async function write(file: string, digest: DayDigest): Promise<void> {
  const unfinished = `${file}.new`;
  try {
    await fs.writeFile(unfinished, JSON.stringify(digest), { mode: PRIVATE_FILE });
    await fs.rename(unfinished, file);
  } catch (thrown) {
    throw new PresenceError('STORE_UNAVAILABLE', `a digest cannot be written: ${asError(thrown).message}`);
  }
}
