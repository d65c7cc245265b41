import type { UserRecord } from '../../domain/types';
import type { PresenceStore } from '../store/port';

/** Where replicas share what they have read. It says what is stored as long as it is told of all changes. */
export interface SharedUsers extends Pick<PresenceStore, 'usersOf'> {
  forget(uids: readonly string[]): void;
  forgetAll(): void;
}

export interface UserCacheOptions {
  readonly store: Pick<PresenceStore, 'usersOf'>;
  /** Asked in place of the store while changes are heard of; tells what it has not from there. */
  readonly shared?: SharedUsers;
  /** An entry is read anew after this, whatever is known: the backstop. Milliseconds. */
  readonly ttlMs: number;
  /** Users kept; beyond this the ones longest in it go. */
  readonly maxUsers: number;
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number;
  /** Told of each read: users answered from memory, and users that had to be asked for. */
  readonly onRead?: (known: number, missing: number) => void;
}

/** Nothing is answered that may have been changed longer ago than this (issue: visible within a second everywhere). */
export const STALE_AFTER_MS = 800;

const IN_USE_FOR_MS = 10_000;

interface Entry {
  /** Absent: there is no such user. */
  readonly user: UserRecord | undefined;
  readonly readAtMs: number;
}

/** A read of the store under way, and whom it may have missed changes of. */
interface Reading {
  readonly forgotten: Set<string>;
  all: boolean;
}

/**
 * Users as last read. Whoever changes one, or hears that somebody has, says `forget`; who watches for changes says `confirm` as
 * long as he hears of all of them. An entry that nobody confirms is too old after STALE_AFTER_MS: without news every
 * read goes to the store again that soon, which is slower and never wrong.
 */
export class UserCache {
  private readonly entries = new Map<string, Entry>();
  private readonly readings = new Set<Reading>();
  private confirmedAtMs = -Infinity;
  private askedAtMs = -Infinity;

  constructor(private readonly options: UserCacheOptions) {}

  /** Whether somebody has asked a short while ago, and is likely to ask again. */
  get isInUse(): boolean {
    return this.options.clock() - this.askedAtMs < IN_USE_FOR_MS;
  }

  /** Users kept now. */
  get size(): number {
    return this.entries.size;
  }

  /** As `PresenceStore.usersOf`, which is asked for those that are not known. */
  async usersOf(uids: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    const nowMs = this.options.clock();
    this.askedAtMs = nowMs;
    const found = new Map<string, UserRecord>();
    const missing: string[] = [];
    for (const uid of uids) {
      const entry = this.entries.get(uid);
      if (!entry || !this.isFresh(entry, nowMs)) missing.push(uid);
      else if (entry.user) found.set(uid, entry.user);
    }
    this.options.onRead?.(uids.length - missing.length, missing.length);
    if (missing.length > 0) for (const [uid, user] of await this.read(missing)) found.set(uid, user);
    return found;
  }

  /** These have changed, or may have. */
  forget(uids: readonly string[] | 'all'): void {
    if (uids === 'all') {
      this.entries.clear();
      for (const reading of this.readings) reading.all = true;
      this.options.shared?.forgetAll();
      return;
    }
    this.options.shared?.forget(uids);
    for (const uid of uids) {
      this.entries.delete(uid);
      for (const { forgotten } of this.readings) forgotten.add(uid);
    }
  }

  /** Every change up to a moment was heard of. @param sinceMs that moment, on the cache's clock */
  confirm(sinceMs: number): void {
    this.confirmedAtMs = Math.max(this.confirmedAtMs, sinceMs);
  }

  private isFresh({ readAtMs }: Entry, nowMs: number): boolean {
    if (nowMs - readAtMs > this.options.ttlMs) return false;
    return nowMs - Math.max(readAtMs, this.confirmedAtMs) <= STALE_AFTER_MS;
  }

  private async read(uids: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    const { store, shared, clock } = this.options;
    const reading: Reading = { forgotten: new Set(), all: false };
    const nowMs = clock();
    // What others have put there is as true as what this replica has heard of is complete.
    const useShared = shared && nowMs - this.confirmedAtMs <= STALE_AFTER_MS;
    const readAtMs = useShared ? this.confirmedAtMs : nowMs;
    this.readings.add(reading);
    try {
      const users = await (useShared ? shared : store).usersOf(uids);
      // What was changed while the database answered may be answered as it was before, but not be kept so.
      if (!reading.all) {
        for (const uid of uids) if (!reading.forgotten.has(uid)) this.keep(uid, { user: users.get(uid), readAtMs });
      }
      return users;
    } finally {
      this.readings.delete(reading);
    }
  }

  private keep(uid: string, entry: Entry): void {
    this.entries.delete(uid); // to the end of the line
    this.entries.set(uid, entry);
    if (this.entries.size <= this.options.maxUsers) return;
    const [oldest] = this.entries.keys();
    this.entries.delete(oldest!);
  }
}
