import { asError, PresenceError } from '../wire/errors';

/** live: somebody waits for the answer. background: a job of this service's own, which gives way to live commands. */
export type Priority = 'live' | 'background';

export interface BatcherOptions<Command, Result> {
  /** Answers each command of the batch in order, with a result or with the error of that command alone. */
  readonly flush: (batch: readonly Command[]) => Promise<readonly (Result | Error)[]>;
  readonly maxBatch: number;
  /** How many of a batch may be background commands, which keep that share also when there are live ones for all of it. */
  readonly maxBackground?: number;
  /** Commands of each priority that may wait; the next one is refused with BUSY. */
  readonly maxQueued: number;
}

/** Commands that are refused as the last resort wait in a line that is so many times as long. */
const KEPT_FACTOR = 16;

interface Waiting<Command, Result> {
  readonly command: Command;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Group commit: while one flush is in flight the next batch gathers. One flush at a time, commands of one
 * priority in the order they came, no timer: what arrives in one turn of the event loop goes together.
 * Background commands never make a batch much longer, and are never left behind for ever.
 *
 *   idle ──submit──▶ flushing ──nothing waits──▶ idle
 *                       │ drain: refuses new commands, ends when idle
 */
export class Batcher<Command, Result> {
  private readonly waiting: Record<Priority, Waiting<Command, Result>[]> = { live: [], background: [] };
  private flushing: Promise<void> | undefined;
  private draining = false;

  constructor(private readonly options: BatcherOptions<Command, Result>) {}

  /** Commands not yet in a flush. */
  get queued(): number {
    return this.waiting.live.length + this.waiting.background.length;
  }

  /**
   * Resolves once the command's batch is durable and applied. Rejects with BUSY, STOPPING or its own error.
   *
   * @param isKept refused as the last resort: it may wait where others are refused
   */
  submit(command: Command, priority: Priority = 'live', isKept = false): Promise<Result> {
    if (this.draining) return Promise.reject(new PresenceError('STOPPING', 'this node is stopping, call another'));
    const queue = this.waiting[priority];
    if (queue.length >= this.options.maxQueued * (isKept ? KEPT_FACTOR : 1)) {
      return Promise.reject(
        new PresenceError('BUSY', 'too many calls are waiting, try again', { queued: queue.length }),
      );
    }
    return new Promise((resolve, reject) => {
      queue.push({ command, resolve, reject });
      this.flushing ??= this.flushAll();
    });
  }

  /** Refuses new commands and waits for those accepted. May be called twice. */
  async drain(): Promise<void> {
    this.draining = true;
    await this.flushing;
  }

  private async flushAll(): Promise<void> {
    await new Promise(setImmediate);
    while (this.queued > 0) await this.flushOne(this.nextBatch());
    this.flushing = undefined;
  }

  private nextBatch(): Waiting<Command, Result>[] {
    const { maxBatch, maxBackground = maxBatch } = this.options;
    const behind = Math.min(this.waiting.background.length, maxBackground, maxBatch - 1);
    const live = this.take('live', maxBatch - behind);
    return live.concat(this.take('background', Math.min(maxBackground, maxBatch - live.length)));
  }

  private take(priority: Priority, atMost: number): Waiting<Command, Result>[] {
    const queue = this.waiting[priority];
    this.waiting[priority] = queue.slice(atMost);
    return queue.length > atMost ? queue.slice(0, atMost) : queue;
  }

  private async flushOne(batch: readonly Waiting<Command, Result>[]): Promise<void> {
    let answers: readonly (Result | Error)[];
    try {
      answers = await this.options.flush(batch.map((waiting) => waiting.command));
    } catch (thrown) {
      const error = asError(thrown);
      answers = batch.map(() => error);
    }
    batch.forEach(({ resolve, reject }, i) => {
      const answer = answers[i];
      if (answer instanceof Error) reject(answer);
      else resolve(answer as Result);
    });
  }
}
