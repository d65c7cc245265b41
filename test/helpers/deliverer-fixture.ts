import type { Callback, OutboxRow } from '../../domain/callbacks';
import { Deliverer, type DelivererOptions, type Outcome } from '../../lib/callbacks/delivery';
import type { Attempt } from '../../lib/callbacks/post';
import { EmbeddedCallbacks } from '../../lib/store/embedded-callbacks';
import { NOW } from './presence-builders';

/** An attempt under way, until it is answered. */
export interface UnderWay {
  readonly callback: Callback;
  readonly id: string;
  answer(attempt: Attempt): void;
}

export const OK: Attempt = { ok: true, status: 200 };
export const failed = (status: number, more: Partial<Attempt> = {}): Attempt => ({
  ...{ ok: false, status, error: `HTTP ${status}` },
  ...more,
});

/** A deliverer on a store in memory, whose attempts are answered by the test. */
export class DelivererFixture {
  readonly store = new EmbeddedCallbacks(() => undefined);
  nowMs = NOW;
  mayDeliver = true;
  readonly outcomes: Outcome[] = [];
  readonly warnings: string[] = [];
  readonly gone: string[] = [];
  /** Attempts in their order, also those that were answered. */
  readonly attempts: UnderWay[] = [];
  /** How attempts are answered at once; absent: by the test. */
  answers: ((callback: Callback, row: OutboxRow) => Attempt) | undefined;
  readonly deliverer: Deliverer;

  constructor(
    public callbacks: readonly Callback[],
    options: Partial<DelivererOptions> = {},
  ) {
    this.deliverer = new Deliverer({
      store: this.store,
      clock: () => this.nowMs,
      callbacks: () => this.callbacks,
      mayDeliver: () => this.mayDeliver,
      post: (callback, row) => this.post(callback, row),
      onGone: async ({ _id }) => void this.gone.push(_id),
      onOutcome: (outcome) => this.outcomes.push(outcome),
      warn: (message) => this.warnings.push(message),
      random: () => 0.5,
      ...options,
    });
  }

  ids(): string[] {
    return this.attempts.map(({ id }) => id);
  }

  async left(callback: string): Promise<OutboxRow[]> {
    return this.store.page(callback, { limit: 100_000 });
  }

  private post(callback: Callback, row: OutboxRow): Promise<Attempt> {
    return new Promise((resolve) => {
      this.attempts.push({ callback, id: row._id, answer: resolve });
      if (this.answers) resolve(this.answers(callback, row));
    });
  }
}
