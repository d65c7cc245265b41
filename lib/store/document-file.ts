import type Datastore from '@seald-io/nedb';
import { promises as fs } from 'node:fs';
import DbService from 'moleculer-db';
import { asError, PresenceError } from '../wire/errors';
import type { Availability, Part } from './availability';

export interface Document {
  readonly _id: string;
}

/** A file is compacted when it holds this many lines more than documents. */
const COMPACT_AFTER_LINES = 20_000;
/** Who was where and when is nobody else's business on this machine. */
const PRIVATE = { fileMode: 0o600, dirMode: 0o700 };

/**
 * One collection of the embedded store: a map of documents, and behind it moleculer-db's memory adapter
 * (NeDB), which appends every write to a file. This process is the file's only writer, so the map is
 * what NeDB holds; documents in it are never changed, only replaced. Without a file there is only the map:
 * NeDB would hold a second copy that nobody reads.
 */
export class DocumentFile<T extends Document> implements Part {
  private documents = new Map<string, T>();
  private adapter: InstanceType<typeof DbService.MemoryAdapter> | undefined;
  private linesSinceCompaction = 0;
  private lastWrite: Promise<void> = Promise.resolve();
  /**
   * Documents of writes that failed. While there are any, the file may end in half a line, on which the next
   * write must not follow, and NeDB holds what nobody was promised.
   */
  private readonly failed = new Set<string>();
  private lastWriteFailed = false;

  /**
   * @param filename absent: kept in memory only
   * @param availability told when a write fails, and when one works again
   */
  constructor(
    private readonly filename?: string,
    private readonly availability?: Availability,
  ) {}

  /**
   * Loads the file. A torn last line, left by a kill in the middle of a write that was never
   * acknowledged, is cut off; any other damage is an error, for nothing acknowledged may silently go.
   */
  async open(): Promise<void> {
    if (!this.filename) return;
    await cutTornLine(this.filename);
    const adapter = new DbService.MemoryAdapter({
      filename: this.filename,
      corruptAlertThreshold: 0,
      modes: PRIVATE,
    });
    try {
      await adapter.connect();
    } catch (thrown) {
      throw new Error(`${this.filename}: cannot be read: ${asError(thrown).message}`, { cause: thrown });
    }
    this.adapter = adapter;
    this.documents = new Map(
      this.database()
        .getAllData<T>()
        .map((document) => [document._id, document]),
    );
  }

  async close(): Promise<void> {
    const adapter = this.adapter;
    if (!adapter) return;
    await this.lastWrite;
    this.adapter = undefined;
    this.availability?.works(this); // what is closed is no part of the store
    // A file that nobody has written to is as short as loading has made it.
    if (this.linesSinceCompaction > 0) await datastore(adapter).compactDatafileAsync();
    await adapter.disconnect();
  }

  /** Closes it and deletes what it holds. */
  async remove(): Promise<void> {
    await this.lastWrite;
    await this.adapter?.disconnect();
    this.adapter = undefined;
    this.availability?.works(this);
    this.documents.clear();
    if (this.filename) await fs.rm(this.filename, { force: true });
  }

  get size(): number {
    return this.documents.size;
  }

  get(id: string): T | undefined {
    return this.documents.get(id);
  }

  values(): IterableIterator<T> {
    return this.documents.values();
  }

  /** Writes whole documents. Resolves when they are in the file; STORE_UNAVAILABLE when they cannot be written. */
  async putAll(documents: readonly T[]): Promise<void> {
    const keep = () => documents.forEach((document) => this.documents.set(document._id, document));
    if (documents.length === 0 || !this.filename) return keep();
    await this.inTurn(
      documents.map(({ _id }) => _id),
      (db) => this.put(db, documents),
      keep,
    );
  }

  /** Removes documents; ids that are not there are passed over. STORE_UNAVAILABLE when that cannot be written. */
  async removeAll(ids: readonly string[]): Promise<void> {
    const forget = () => ids.forEach((id) => this.documents.delete(id));
    if (ids.length === 0 || !this.filename) return forget();
    const remove = (db: Datastore) => db.removeAsync({ _id: { $in: [...ids] } }, { multi: true });
    await this.inTurn(ids, remove, forget);
  }

  /** As `removeAll`, and nothing of them is left in the file when it resolves: it is written anew. */
  async eraseAll(ids: readonly string[]): Promise<void> {
    await this.removeAll(ids);
    await this.forgetOld();
  }

  /** Writes the file anew: until then it holds what its documents were before, and those that are gone. */
  async forgetOld(): Promise<void> {
    if (this.filename)
      await this.inTurn(
        [],
        () => this.compact(),
        () => undefined,
      );
  }

  /** After a write that failed: writes the file anew, if that is possible now. */
  async retry(): Promise<void> {
    if (this.lastWriteFailed) await this.forgetOld().catch(() => undefined);
  }

  /**
   * One write at a time: which documents are new is only true until the next write.
   *
   * @param keep takes into the map what is now in the file
   */
  private inTurn(ids: readonly string[], change: (db: Datastore) => Promise<unknown>, keep: () => void): Promise<void> {
    const written = this.lastWrite.then(() => this.write(ids, change, keep));
    this.lastWrite = written.catch(() => undefined);
    return written;
  }

  private async write(
    ids: readonly string[],
    change: (db: Datastore) => Promise<unknown>,
    keep: () => void,
  ): Promise<void> {
    const db = this.database();
    try {
      if (this.failed.size > 0) await this.repair(db);
      await change(db);
    } catch (thrown) {
      for (const id of ids) this.failed.add(id);
      const fault = `the data file cannot be written: ${asError(thrown).message}`;
      this.lastWriteFailed = true;
      this.availability?.failed(this, fault);
      throw new PresenceError('STORE_UNAVAILABLE', fault);
    }
    this.lastWriteFailed = false;
    this.availability?.works(this);
    keep();
    this.linesSinceCompaction += ids.length;
    // What was written is safe whether or not the file gets shorter now: a later write tries again.
    if (this.linesSinceCompaction > COMPACT_AFTER_LINES + this.documents.size)
      await this.compact().catch(() => undefined);
  }

  private async put(db: Datastore, documents: readonly T[]): Promise<void> {
    const created = documents.filter(({ _id }) => !this.documents.has(_id));
    if (created.length > 0) await db.insertAsync(created);
    // One after the other: what follows a half-written line would be lost with it.
    for (const document of documents) {
      if (this.documents.has(document._id)) await db.updateAsync({ _id: document._id }, document);
    }
  }

  /** Rewrites the file whole (NeDB writes beside it and renames), then takes back in NeDB what failed. */
  private async repair(db: Datastore): Promise<void> {
    await this.compact();
    for (const _id of this.failed) {
      const kept = this.documents.get(_id);
      if (kept) await db.updateAsync({ _id }, kept, { upsert: true });
      else await db.removeAsync({ _id }, {});
      this.failed.delete(_id);
    }
  }

  private async compact(): Promise<void> {
    this.linesSinceCompaction = 0;
    await this.database().compactDatafileAsync();
  }

  private database(): Datastore {
    if (!this.adapter) throw new PresenceError('STORE_UNAVAILABLE', 'the embedded store is closed');
    return datastore(this.adapter);
  }
}

/** The adapter's collection; moleculer-db's types leave it open. */
function datastore(adapter: InstanceType<typeof DbService.MemoryAdapter>): Datastore {
  return (adapter as unknown as { db: Datastore }).db;
}

const NEWLINE = 0x0a;
const TAIL_CHUNK = 64 * 1024;

/** Cuts a file back to its last whole line. */
async function cutTornLine(filename: string): Promise<void> {
  let file: fs.FileHandle;
  try {
    file = await fs.open(filename, 'r+');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw thrown;
  }
  try {
    const { size } = await file.stat();
    let end = size;
    for (;;) {
      const start = Math.max(0, end - TAIL_CHUNK);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      const newline = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE);
      if (newline >= 0 || start === 0) {
        const whole = start + newline + 1;
        if (whole < size) await file.truncate(whole);
        return;
      }
      end = start;
    }
  } finally {
    await file.close();
  }
}
