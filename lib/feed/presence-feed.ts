import { randomBytes } from 'node:crypto';
import type { ErrorCode } from '../wire/errors';
import type { FeedChange } from './change-ring';
import type { FeedSource, ShownPage, ShownView } from './feed-source';
import { LastTold } from './last-told';
import { Pace } from './pace';

export interface FeedListener {
  /** What is shown of these users has changed; in the order of their sequence numbers, at least one. Must not throw. */
  changed(changes: readonly FeedChange[]): void;
  /** Changes may have been missed: what was told is to be read anew. Must not throw. */
  lost(): void;
}

export interface FeedOptions {
  readonly source: FeedSource;
  /** Changes kept for who comes back. */
  readonly kept?: number;
  /** Told of each flush that told something: how long ago the first of its users was marked, milliseconds. */
  readonly onLag?: (lagMs: number) => void;
  readonly warn?: (message: string, error: unknown) => void;
}

const KEPT = 50_000;
const FLUSH_EVERY_MS = 50;
/** Users read at once; of more the next flush reads the rest. */
const FLUSH_USERS = 5_000;
/** Users that may have changed; with more of them reading everything anew is as fast. */
const MAX_MARKED = 100_000;
const TRY_AGAIN_AFTER_MS = 250;
/** Changes are kept for so long after the last subscriber has gone: he may come back. */
const AWAKE_FOR_MS = 5 * 60_000;

/**
 * Tells subscribers of users whose presence has changed. Level-triggered: somebody says that a user may have changed, and what is told is how
 * he is when he is read, so states between two reads are skipped and the last one never is. Changes are numbered; an epoch and a
 * number are a position, from which a subscriber can be told what he has missed as long as it is kept.
 */
export class PresenceFeed {
  private epochId = newEpoch();
  private marked = new Map<string, number>();
  private readonly kept: number;
  private readonly told: LastTold;
  private readonly listeners = new Set<FeedListener>();
  private readonly pace = new Pace(() => this.flush(), FLUSH_EVERY_MS);
  private leftAtMs = -Infinity;
  /** Something was marked, and let be, while nobody was there to be told. */
  private hasSlept = false;

  constructor(private readonly options: FeedOptions) {
    this.kept = options.kept ?? KEPT;
    this.told = new LastTold(this.kept);
  }

  /** Another one means that numbers have begun anew: nothing can be said of what came before. */
  get epoch(): string {
    return this.epochId;
  }

  /** Of the newest change. */
  get seq(): number {
    return this.told.seq;
  }

  /** Where the feed stands: `EPOCH.SEQ`. */
  get position(): string {
    return this.positionAt(this.told.seq);
  }

  /** Whether somebody is subscribed, or was a short while ago. */
  get isAwake(): boolean {
    return this.listeners.size > 0 || performance.now() - this.leftAtMs < AWAKE_FOR_MS;
  }

  positionAt(seq: number): string {
    return `${this.epochId}.${seq}`;
  }

  /** These may have changed. */
  mark(uids: Iterable<string>): void {
    if (!this.isAwake) {
      this.hasSlept = true;
      return;
    }
    const nowMs = performance.now();
    for (const uid of uids) if (!this.marked.has(uid)) this.marked.set(uid, nowMs);
    if (this.marked.size > MAX_MARKED) {
      this.marked.clear();
      return this.lost();
    }
    if (this.marked.size > 0) this.pace.ask();
  }

  /** Changes may have been missed: a new epoch, and every subscriber begins anew. */
  lost(): void {
    this.moveOn();
    for (const listener of this.listeners) listener.lost();
  }

  /** @returns what ends it */
  subscribe(listener: FeedListener): () => void {
    if (this.hasSlept) this.moveOn();
    this.listeners.add(listener);
    return () => {
      if (this.listeners.delete(listener)) this.leftAtMs = performance.now();
    };
  }

  /** What came after a position. @returns undefined where that cannot be told any more, or never could */
  since(position: string): FeedChange[] | undefined {
    const dot = position.lastIndexOf('.');
    if (this.hasSlept || position.slice(0, dot) !== this.epochId) return undefined;
    const seq = position.slice(dot + 1);
    return /^\d{1,15}$/.test(seq) ? this.told.since(Number(seq)) : undefined;
  }

  /** Whether what comes after a number will be kept for a while yet. */
  keepsFor(seq: number): boolean {
    return this.told.seq - seq <= this.kept / 2;
  }

  /**
   * Users as they are now, for a subscriber's snapshot; whatever changes after the position at the time of asking he is told.
   *
   * @throws what the source throws
   */
  async read(uids: readonly string[]): Promise<ShownView[]> {
    const views = await this.options.source.read(uids);
    this.show(views);
    return views;
  }

  /** The same of everybody who is not offline. */
  async present(after: string | undefined, limit: number): Promise<ShownPage> {
    const page = await this.options.source.present(after, limit);
    this.show(page.users);
    return page;
  }

  /** Nobody is told anything after this. */
  stop(): void {
    this.pace.stop();
    this.listeners.clear();
    this.leftAtMs = -Infinity;
  }

  private show(views: readonly ShownView[]): void {
    this.mark(views.filter(({ uid, json }) => this.told.show(uid, json)).map(({ uid }) => uid));
  }

  private moveOn(): void {
    this.epochId = newEpoch();
    this.told.clear();
    this.hasSlept = false;
  }

  /** @returns whether there is more to do */
  private async flush(): Promise<boolean> {
    const taken = this.take();
    if (taken.size === 0) return false;
    const { epochId } = this;
    let views: ShownView[];
    try {
      views = await this.options.source.read([...taken.keys()]);
    } catch (error) {
      if (isRefused(error)) return this.giveUp(error);
      this.putBack(taken);
      this.options.warn?.('users that have changed could not be read, it is tried again', error);
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_AFTER_MS).unref());
      return true;
    }
    if (epochId !== this.epochId) {
      // Read before it was known that changes were missed: a snapshot of the new epoch may be newer than this.
      this.putBack(taken);
      return true;
    }
    const changes = views.flatMap(({ uid, json }) => this.told.change(uid, json) ?? []);
    if (changes.length === 0) return this.marked.size > 0;
    for (const listener of this.listeners) listener.changed(changes);
    this.options.onLag?.(performance.now() - Math.min(...changes.map(({ uid }) => taken.get(uid)!)));
    return this.marked.size > 0;
  }

  /** What is refused once is refused again: nothing else would ever be told. */
  private giveUp(error: unknown): boolean {
    this.options.warn?.('users that have changed cannot be read: subscribers begin anew', error);
    this.lost();
    return false;
  }

  private putBack(taken: ReadonlyMap<string, number>): void {
    for (const [uid, atMs] of taken) this.marked.set(uid, Math.min(atMs, this.marked.get(uid) ?? Infinity));
  }

  private take(): Map<string, number> {
    const taken = new Map<string, number>();
    for (const [uid, atMs] of this.marked) {
      if (taken.size === FLUSH_USERS) break;
      taken.set(uid, atMs);
      this.marked.delete(uid);
    }
    return taken;
  }
}

function isRefused(error: unknown): boolean {
  return (error as { type?: unknown } | null)?.type === ('INVALID_ARGUMENT' satisfies ErrorCode);
}

function newEpoch(): string {
  return randomBytes(6).toString('base64url');
}
