import type { FeedChange } from '../feed/change-ring';
import type { PresenceFeed } from '../feed/presence-feed';
import type { Snapshots, SnapshotPage, Whom } from '../feed/snapshots';
import { changesFrame, type Audience, type Hearer } from './audience';
import { errorFrame, resumedFrame, snapshotHead, type SnapshotReason } from './server-frames';
import type { SharedFrame } from './shared-frame';
import { SocketError } from './socket-errors';
import type { SocketMetrics } from './socket-metrics';
import type { Wire } from './wire';

/** What all subscriptions of a node share. */
export interface Told {
  readonly feed: PresenceFeed;
  readonly snapshots: Pick<Snapshots, 'page'>;
  readonly audience: Audience;
  readonly metrics: Pick<SocketMetrics, 'sent' | 'slow'>;
}

/** While more than this waits for a client no changes are queued for it: it gets a fresh snapshot when it has read. */
export const MAX_WAITING_BYTES = 1024 * 1024;
/** While more than this waits the next page waits too. */
const PAGE_WAITS_ABOVE_BYTES = 256 * 1024;
/** Changes of one frame. */
export const FRAME_CHANGES = 1_000;
const TRY_AGAIN_AFTER_MS = 1_000;
/** Before another snapshot where the feed went on faster than this one was sent: a loop without a pause would stop the node. */
const BEGIN_AGAIN_AFTER_MS = 50;

/**
 * One client's subscription: first a snapshot, or what was missed, then changes as they happen. Between the two nothing is queued: what
 * changes while pages are sent is kept by the feed, and told from there afterwards.
 */
export class Subscription implements Hearer {
  private readonly uids: ReadonlySet<string> | undefined;
  private isLive = false;
  private hasEnded = false;
  private isToldOfOutage = false;
  private later: NodeJS.Timeout | undefined;

  constructor(
    private readonly told: Told,
    private readonly wire: Wire,
    private readonly whom: Whom,
    private readonly id: string | undefined,
  ) {
    this.uids = whom === 'all' ? undefined : new Set(whom);
  }

  /** @param since a position the client has everything up to */
  start(since: string | undefined): void {
    const missed = since === undefined ? undefined : this.told.feed.since(since);
    if (since === undefined || !missed) return this.begin();
    this.send('resumed', resumedFrame(this.id, since, this.own(missed).length));
    this.continue(since).catch((error: unknown) => this.tryAgain(error));
  }

  /** Lets go of everything: nothing of it waits for the client, the store or a timer. */
  end(): void {
    this.hasEnded = true;
    clearTimeout(this.later);
    this.wire.whenDrained(undefined);
    this.leave();
  }

  hear(frame: SharedFrame): void {
    if (this.wire.bufferedAmount <= MAX_WAITING_BYTES) return this.sendChanges(frame);
    this.leave();
    this.told.metrics.slow();
    this.wire.whenDrained(() => this.begin('slow'));
  }

  /** Changes may have been missed. While it is not live it finds out by itself. */
  lost(): void {
    if (!this.isLive) return;
    this.leave();
    this.begin('lost');
  }

  private begin(reason?: SnapshotReason): void {
    this.sendSnapshot(reason).catch((error: unknown) => this.tryAgain(error, reason));
  }

  private async sendSnapshot(reason?: SnapshotReason): Promise<void> {
    let from: Pick<SnapshotPage, 'seq' | 'epoch'> | undefined;
    let after: string | undefined;
    do {
      // What a client does not read is not read for it either.
      await this.drained();
      if (this.hasEnded) return;
      const page = await this.told.snapshots.page(this.whom, after);
      if (this.hasEnded) return;
      // Shared pages may be older than the ones before them. With another epoch the end of this snapshot is not its last word.
      if (!from || (page.epoch === from.epoch && page.seq < from.seq)) from = page;
      const head = { id: this.id, seq: `${from.epoch}.${from.seq}`, first: after === undefined, reason };
      this.wire.sendParts(snapshotHead(head), page.body);
      this.told.metrics.sent('snapshot');
      after = page.next;
    } while (after !== undefined);
    this.isToldOfOutage = false;
    await this.continue(`${from.epoch}.${from.seq}`);
  }

  /** Tells what came after a position, and all that comes from now on. */
  private async continue(position: string): Promise<void> {
    const { feed, audience } = this.told;
    for (;;) {
      await this.drained();
      if (this.hasEnded) return;
      const missed = feed.since(position);
      if (!missed) return this.beginLater(BEGIN_AGAIN_AFTER_MS, 'lost');
      const own = this.own(missed);
      if (own.length === 0) break;
      const next = own.slice(0, FRAME_CHANGES);
      this.sendChanges(changesFrame(next, feed.epoch));
      position = feed.positionAt(next.at(-1)!.seq);
    }
    this.isLive = true;
    audience.add(this, this.whom);
  }

  private own(changes: readonly FeedChange[]): readonly FeedChange[] {
    return this.uids ? changes.filter(({ uid }) => this.uids!.has(uid)) : changes;
  }

  private async drained(): Promise<void> {
    while (this.wire.bufferedAmount > PAGE_WAITS_ABOVE_BYTES && !this.hasEnded) {
      await new Promise<void>((resolve) => this.wire.whenDrained(resolve));
    }
  }

  /** The client is told once that it has to wait, and gets its snapshot when there is one. */
  private tryAgain(_error: unknown, reason?: SnapshotReason): void {
    if (this.hasEnded) return;
    if (!this.isToldOfOutage) this.send('error', errorFrame(new SocketError('STORE_UNAVAILABLE', undefined, this.id)));
    this.isToldOfOutage = true;
    this.beginLater(TRY_AGAIN_AFTER_MS, reason);
  }

  private beginLater(afterMs: number, reason?: SnapshotReason): void {
    this.later = setTimeout(() => this.begin(reason), afterMs).unref();
  }

  private leave(): void {
    if (this.isLive) this.told.audience.remove(this, this.whom);
    this.isLive = false;
  }

  private sendChanges(frame: SharedFrame): void {
    this.wire.sendShared(frame);
    this.told.metrics.sent('changes');
  }

  private send(kind: 'resumed' | 'error', frame: string): void {
    this.wire.send(frame);
    this.told.metrics.sent(kind);
  }
}
