import type { SnapshotPage, Snapshots, Whom } from '../feed/snapshots';

/**
 * Reads the pages of one connection, one at a time. A read cannot be taken back when its subscription is replaced; so the next one
 * waits for its end, and a newer one takes the place of one that waits: however often a client subscribes, it has one read and one waiting.
 */
export class PageReader implements Pick<Snapshots, 'page'> {
  private isReading = false;
  private next: (() => void) | undefined;

  constructor(private readonly snapshots: Pick<Snapshots, 'page'>) {}

  /** Never answers one whose place another has taken. */
  async page(whom: Whom, after?: string): Promise<SnapshotPage> {
    while (this.isReading) await new Promise<void>((resolve) => (this.next = resolve));
    this.isReading = true;
    try {
      return await this.snapshots.page(whom, after);
    } finally {
      this.isReading = false;
      const { next } = this;
      this.next = undefined;
      next?.();
    }
  }
}
