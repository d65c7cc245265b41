import { setTimeout as delay } from 'node:timers/promises';
import type { CallbackStore, DeliverySettled } from '../store/callback-port';

/** The store is tried again this often while it cannot be written. */
const AGAIN_AFTER_MS = 500;

/**
 * Writes what became of deliveries: while one write is under way the next ones gather. What cannot be written is tried until it can: a
 * delivery that was made must not be made again as long as this process lives.
 */
export class Settler {
  private gathered: { readonly one: DeliverySettled; readonly resolve: () => void }[] = [];
  private writing = false;
  private readonly stopping = new AbortController();

  constructor(
    private readonly store: Pick<CallbackStore, 'settle'>,
    private readonly warn: (message: string, error: unknown) => void,
  ) {}

  /** Resolves once it is written, or this was stopped. */
  settle(one: DeliverySettled): Promise<void> {
    return new Promise((resolve) => {
      this.gathered.push({ one, resolve });
      void this.writeAll();
    });
  }

  /** What cannot be written now is not tried again. */
  stop(): void {
    this.stopping.abort();
  }

  private async writeAll(): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    while (this.gathered.length > 0) {
      const batch = this.gathered.splice(0);
      await this.write(batch.map(({ one }) => one));
      for (const { resolve } of batch) resolve();
    }
    this.writing = false;
  }

  private async write(batch: readonly DeliverySettled[]): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      try {
        return await this.store.settle(batch);
      } catch (error) {
        if (signal.aborted) return;
        this.warn('what became of deliveries could not be written yet', error);
      }
      await delay(AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
