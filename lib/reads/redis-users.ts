import { createHash } from 'node:crypto';
import EJSON from 'ejson';
import Redis from 'ioredis';
import type { UserRecord } from '../../domain/types';
import { FORGET, PUT, READ } from './redis-scripts';
import type { PresenceStore } from '../store/port';
import { asError } from '../wire/errors';

export interface RedisUsersOptions {
  /** Holds credentials: never logged. */
  readonly url: string;
  /** Tells this installation's entries from others' in the same Redis. */
  readonly name: string;
  /** Who is asked for what Redis does not have. */
  readonly store: Pick<PresenceStore, 'usersOf'>;
  readonly ttlMs: number;
  /**
   * Told when Redis is there for the first time or cannot be reached at first, and whenever that changes; not at an orderly stop.
   *
   * @param reason without the URL; absent while it is there
   */
  readonly onState: (isThere: boolean, reason?: string) => void;
}

/** Slower than this and the database is the better choice. */
const ANSWER_WITHIN_MS = 250;
const RECONNECT_EVERY_MS = 500;
/** Longer than any read of the database may take. */
const COUNTS_KEPT_MS = 10 * 60_000;

interface Commands {
  readUsers(gen: string, entries: string, ...uids: string[]): Promise<(string | null)[]>;
  putUsers(gen: string, entries: string, ...args: string[]): Promise<number>;
  forgetUsers(gen: string, entries: string, ...args: string[]): Promise<number>;
}

/**
 * Users in Redis, shared by all replicas: what one has read from the database the others need not. It is only ever a
 * shortcut: without Redis, or when it is slow, the store is asked. After every connect a new generation begins, for what was
 * changed while nobody could say so must not be found again.
 */
export class RedisUsers {
  private readonly redis: Redis & Commands;
  private readonly keys: readonly [string, string];
  private usable = false;
  /** What was told last; undefined before anything was. */
  private told: boolean | undefined;
  private lastError: NodeJS.ErrnoException | undefined;
  private stopping: Promise<void> | undefined;
  private readonly toForget = new Set<string>();

  constructor(private readonly options: RedisUsersOptions) {
    const prefix = `{presence:${options.name}}`;
    this.keys = [`${prefix}:generation`, `${prefix}:user`];
    this.redis = new Redis(options.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: ANSWER_WITHIN_MS,
      retryStrategy: () => RECONNECT_EVERY_MS,
      scripts: {
        readUsers: { lua: READ, numberOfKeys: 2, readOnly: false },
        putUsers: { lua: PUT, numberOfKeys: 2 },
        forgetUsers: { lua: FORGET, numberOfKeys: 2 },
      },
    }) as Redis & Commands;
    this.redis.on('error', (error: Error) => (this.lastError = error)); // told by `close`
    this.redis.on('ready', () => void this.begin());
    this.redis.on('close', () => this.become(false));
  }

  /** Does not wait: whether Redis is there is no reason not to start. */
  start(): void {
    this.redis.connect().catch(() => undefined);
  }

  /** May be called again. */
  stop(): Promise<void> {
    this.stopping ??= this.leave();
    return this.stopping;
  }

  /** As `PresenceStore.usersOf`. */
  async usersOf(uids: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    const { store } = this.options;
    const held = this.usable ? await this.read(uids) : undefined;
    if (!held) return store.usersOf(uids);
    const users = new Map<string, UserRecord>();
    const missing: string[] = [];
    for (const [uid, { text }] of held.entries) {
      if (text === '') continue;
      const user = recordIn(text, uid);
      if (user) users.set(uid, user);
      else missing.push(uid);
    }
    if (missing.length === 0) return users;
    const read = await store.usersOf(missing);
    this.put(
      held.generation,
      missing.flatMap((uid) => [uid, held.entries.get(uid)!.count, textOf(read.get(uid))]),
    );
    for (const [uid, user] of read) users.set(uid, user);
    return users;
  }

  /** These have changed. What is told in one go is sent in one go, and before any later read of this replica. */
  forget(uids: readonly string[]): void {
    if (!this.usable) return;
    if (this.toForget.size === 0) setImmediate(() => this.sendForgotten());
    for (const uid of uids) this.toForget.add(uid);
  }

  /** Anything may have changed. */
  forgetAll(): void {
    if (this.usable) this.redis.incr(this.keys[0]).catch((error: Error) => this.distrust(error));
  }

  private async leave(): Promise<void> {
    this.usable = false;
    if (this.redis.status === 'ready') await this.redis.quit().catch(() => this.redis.disconnect());
    else this.redis.disconnect();
  }

  private sendForgotten(): void {
    const uids = [...this.toForget];
    this.toForget.clear();
    if (!this.usable || uids.length === 0) return;
    this.redis.forgetUsers(...this.keys, String(COUNTS_KEPT_MS), ...uids).catch((error: Error) => this.distrust(error));
  }

  private async begin(): Promise<void> {
    try {
      await this.redis.incr(this.keys[0]);
      this.become(true);
    } catch (thrown) {
      this.distrust(asError(thrown));
    }
  }

  /** What should have been forgotten may still be there: a new connection begins a new generation. */
  private distrust(error: Error): void {
    this.lastError = error;
    this.become(false);
    if (this.redis.status === 'ready') this.redis.disconnect(true);
  }

  private become(usable: boolean): void {
    this.usable = usable;
    const reason = usable ? undefined : reasonOf(this.lastError);
    if (usable) this.lastError = undefined;
    if (this.told === usable || this.stopping) return;
    this.told = usable;
    this.options.onState(usable, reason);
  }

  private async read(uids: readonly string[]) {
    this.sendForgotten();
    try {
      const [generation, ...fields] = await this.redis.readUsers(...this.keys, ...uids);
      const entries = new Map(
        uids.map((uid, i) => [uid, { count: fields[2 * i] ?? '0', text: fields[2 * i + 1] ?? null }]),
      );
      return { generation: generation ?? '0', entries };
    } catch {
      return undefined; // the store is asked
    }
  }

  private put(generation: string, entries: readonly string[]): void {
    this.redis.putUsers(...this.keys, generation, String(this.options.ttlMs), ...entries).catch(() => undefined); // it is read from the store again
  }
}

/** Neither what was sent nor the URL is in it. A host of several addresses fails without a text. */
function reasonOf(error: NodeJS.ErrnoException | undefined): string {
  return error?.message || error?.code || 'the connection was closed';
}

/** A name for whoever shares a database, the same at all replicas however they write its address's credentials and options. */
export function installationOf(mongoUrl: string): string {
  const place = mongoUrl.replace(/^[\w+]+:\/\/([^@/]*@)?/, '').replace(/\?.*$/, '');
  return createHash('sha256').update(place).digest('base64url').slice(0, 12);
}

/** Empty: there is no such user. */
function textOf(user: UserRecord | undefined): string {
  return user ? EJSON.stringify(user) : '';
}

/** Others may write to this Redis: what is no record of the user counts as not held. */
function recordIn(text: string | null, uid: string): UserRecord | undefined {
  try {
    const record = text === null ? undefined : (EJSON.parse(text) as Partial<UserRecord> | null);
    return record?._id === uid ? (record as UserRecord) : undefined;
  } catch {
    return undefined;
  }
}
