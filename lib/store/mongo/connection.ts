import { MongoClient, type ChangeStream, type Collection, type Db, type MongoClientOptions } from 'mongodb';
import { setTimeout as delay } from 'node:timers/promises';
import { asError, PresenceError } from '../../wire/errors';
import { Availability, type Part } from '../availability';
import { PresenceAdapter } from './adapter';
import { isAway } from './errors';
import { noAnswerFor, withoutUrls, withRetry, type Patience } from './with-retry';

export interface MongoOptions {
  /** With the database's name. Holds credentials: shown nowhere. */
  readonly url: string;
  /** How long an operation waits for a database that is away. */
  readonly patienceMs: number;
  /** A short command without an answer for so long is a database that hangs. */
  readonly hangsAfterMs?: number;
  /** Reports every command sent (driver's command monitoring), for those who count them. */
  readonly onCommand?: (name: string) => void;
}

/** How long one attempt of the start may take: a primary is found by then, or at the next one. */
const PROBE_WITHIN_MS = 5000;
/** A database that is away is noticed, and told by /health, this soon. */
const NOTICE_WITHIN_MS = 2000;
/** A database that answers nothing for so long is away, though its connections stand. */
const HANGS_AFTER_MS = 10_000;
const PROBE_EVERY_MS = 1000;

/**
 * The one connection of this process, made by moleculer-db's adapter; collections hang off its client.
 * Operations given to `patiently` outlive a database that is away for a while, or a change of primary.
 */
export class MongoConnection implements Part {
  private adapter: PresenceAdapter | undefined;
  private isClosed = false;
  readonly availability = new Availability();

  private readonly patience: Patience;

  constructor(private readonly options: MongoOptions) {
    this.patience = {
      patienceMs: options.patienceMs,
      failed: (reason) => this.availability.failed(this, reason),
      works: () => this.availability.works(this),
    };
  }

  /** Whether the last operation found the database. */
  get isThere(): boolean {
    return this.adapter !== undefined && this.availability.fault === undefined;
  }

  /**
   * A database that cannot be reached is waited for until `close`, and `availability` says why; one that refuses us rejects with one plain line
   * that never holds the URL.
   */
  async open(): Promise<void> {
    await this.reachable();
    const adapter = new PresenceAdapter(this.options.url, clientOptions(this.options));
    const { onCommand } = this.options;
    if (onCommand) adapter.client.on('commandStarted', ({ commandName }) => onCommand(commandName));
    await adapter.connect();
    this.adapter = adapter;
  }

  /** The adapter would try for ever without a word. */
  private async reachable(): Promise<void> {
    const { url } = this.options;
    this.isClosed = false;
    for (;;) {
      const fault = await probe(url);
      if (this.isClosed) throw new PresenceError('STORE_UNAVAILABLE', 'the database connection was closed');
      if (fault === undefined) break;
      const reason = withoutUrls(asError(fault).message);
      if (!isAway(fault) && !isUnknownHost(fault)) throw new Error(`MONGO_URL: the database cannot be used: ${reason}`);
      this.availability.failed(this, `MongoDB at ${hostsOf(url)}: ${reason}`);
      await delay(PROBE_EVERY_MS);
    }
    this.availability.works(this);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const adapter = this.adapter;
    this.adapter = undefined;
    await adapter?.disconnect();
  }

  get databaseName(): string {
    return this.database().databaseName;
  }

  collection<T extends { readonly _id: string }>(name: string): Collection<T> {
    return this.database().collection<T>(name);
  }

  /** A change stream over the whole database. */
  watch<Change extends object>(pipeline: object[]): ChangeStream<object, Change> {
    return this.database().watch<object, Change>(pipeline);
  }

  /** A short command to the database, which the primary answers. One that takes long is a database that hangs. */
  async command(command: object): Promise<unknown> {
    const { hangsAfterMs = HANGS_AFTER_MS } = this.options;
    const timer = setTimeout(() => this.availability.failed(this, noAnswerFor(hangsAfterMs)), hangsAfterMs);
    return this.database()
      .command(command)
      .finally(() => clearTimeout(timer));
  }

  /** Runs an operation that is safe to repeat until it works or patience ends. @throws PresenceError STORE_UNAVAILABLE */
  patiently<T>(operation: () => Promise<T>): Promise<T> {
    return withRetry(operation, this.patience);
  }

  /** The next operation finds out: there is always one soon. */
  async retry(): Promise<void> {}

  private database(): Db {
    if (!this.adapter) throw new PresenceError('STORE_UNAVAILABLE', 'the database connection is closed');
    return this.adapter.db;
  }
}

/** Tries the database once. @returns what went wrong, which may hold the URL; undefined where it can be used */
async function probe(url: string): Promise<unknown> {
  const within = { serverSelectionTimeoutMS: PROBE_WITHIN_MS, connectTimeoutMS: PROBE_WITHIN_MS };
  let client: MongoClient | undefined;
  try {
    client = new MongoClient(url, within); // refuses a URL that cannot be read
    await client.connect();
    await client.db().command({ ping: 1 });
    return undefined;
  } catch (thrown) {
    return asError(thrown);
  } finally {
    await client?.close();
  }
}

/** Of mongodb+srv, before there is a server to be away. */
function isUnknownHost(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown }).code;
  return (
    typeof code === 'string' && /^(ENOTFOUND|ENODATA|ESERVFAIL|EREFUSED|ETIMEOUT|EAI_AGAIN|ECONNREFUSED)$/.test(code)
  );
}

/** `host:port`, or several of them: what a log may show of a URL. */
export function hostsOf(url: string): string {
  return url.replace(/^[^/]*\/\/([^/]*@)?/, '').replace(/[/?].*$/, '');
}

/** Acknowledged means durable on a majority, unless the URL says otherwise. */
function clientOptions({ url, patienceMs, onCommand }: MongoOptions): MongoClientOptions {
  const hasConcern = /[?&](w|journal|j)=/i.test(url);
  return {
    ...(!hasConcern && { writeConcern: { w: 'majority', j: true } }),
    // A server away is waited for by `patiently`, in steps in which a new primary is found.
    serverSelectionTimeoutMS: Math.min(NOTICE_WITHIN_MS, patienceMs),
    socketTimeoutMS: patienceMs,
    ignoreUndefined: true,
    monitorCommands: onCommand !== undefined,
  };
}
