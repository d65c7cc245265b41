import type { PresenceFeed } from './presence-feed';
import type { ShownView } from './feed-source';

/** Whom a subscription is about. */
export type Whom = 'all' | readonly string[];

/** A page of a snapshot as it is sent: what all who are sent it share. */
export interface SnapshotPage {
  /** `"users":[…],"more":true|false}`: the end of a frame. */
  readonly body: Buffer;
  /** What the feed had told when the page was read: all that came later must be told after it. */
  readonly seq: number;
  readonly epoch: string;
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
}

const PAGE_USERS = 1_000;
/** Subscribers that come within this time share pages. What they are told afterwards makes up for it. */
const SHARED_FOR_MS = 1_000;

interface Shared {
  readonly page: Promise<SnapshotPage>;
  readonly readAtMs: number;
  readonly seq: number;
}

/**
 * Pages of snapshots. Those of everybody are shared by all who ask for them within a second: thousands of clients that come at once cost
 * the store one walk and the node one text.
 */
export class Snapshots {
  private readonly shared = new Map<string, Shared>();
  private timer: NodeJS.Timeout | undefined;

  /** @param begun waits until changes are watched */
  constructor(
    private readonly feed: PresenceFeed,
    private readonly begun: () => Promise<void> = async () => undefined,
  ) {}

  /**
   * @param after `next` of the page before; absent for the first
   * @throws what the source of the feed throws
   */
  async page(whom: Whom, after?: string): Promise<SnapshotPage> {
    if (after === undefined) await this.begun();
    return whom === 'all' ? this.ofAll(after) : this.ofSome(whom, Number(after ?? 0));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.shared.clear();
  }

  private ofAll(after: string | undefined): Promise<SnapshotPage> {
    const key = `${this.feed.epoch} ${after ?? ''}`;
    const known = this.shared.get(key);
    // A page from which nobody could go on would be asked for again and again.
    if (known && performance.now() - known.readAtMs < SHARED_FOR_MS && this.feed.keepsFor(known.seq)) return known.page;
    const page = this.readAll(after);
    this.shared.set(key, { page, readAtMs: performance.now(), seq: this.feed.seq });
    page.catch(() => this.shared.delete(key));
    this.timer ??= setTimeout(() => this.forget(), SHARED_FOR_MS).unref();
    return page;
  }

  private async readAll(after: string | undefined): Promise<SnapshotPage> {
    const { seq, epoch } = this.feed;
    const { users, next } = await this.feed.present(after, PAGE_USERS);
    return { body: bodyOf(users, next !== undefined), seq, epoch, next };
  }

  private async ofSome(uids: readonly string[], from: number): Promise<SnapshotPage> {
    const { seq, epoch } = this.feed;
    const to = from + PAGE_USERS;
    const users = await this.feed.read(uids.slice(from, to));
    const isMore = to < uids.length;
    return { body: bodyOf(users, isMore), seq, epoch, next: isMore ? `${to}` : undefined };
  }

  private forget(): void {
    const nowMs = performance.now();
    for (const [key, { readAtMs }] of this.shared) if (nowMs - readAtMs >= SHARED_FOR_MS) this.shared.delete(key);
    this.timer = this.shared.size > 0 ? setTimeout(() => this.forget(), SHARED_FOR_MS).unref() : undefined;
  }
}

function bodyOf(users: readonly ShownView[], isMore: boolean): Buffer {
  return Buffer.from(`"users":[${users.map(({ json }) => json).join()}],"more":${isMore}}`);
}
