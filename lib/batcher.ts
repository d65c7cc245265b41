import { asError, PresenceError } from './errors';

export interface BatcherOptions<Command, Result> {
  /** Answers each command of the batch in order, with a result or with the error of that command alone. */
  readonly flush: (batch: readonly Command[]) => Promise<readonly (Result | Error)[]>;
  readonly maxBatch: number;
  /** Commands that may wait; the next one is refused with BUSY. */
  readonly maxQueued: number;
}

interface Waiting<Command, Result> {
  readonly command: Command;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Group commit: while one flush is in flight the next batch gathers. One flush at a time, commands in
 * the order they came, no timer: what arrives in one turn of the event loop goes together.
 *
 *   idle ──submit──▶ flushing ──nothing waits──▶ idle
 *                       │ drain: refuses new commands, ends when idle
 */
export class Batcher<Command, Result> {
  private waiting: Waiting<Command, Result>[] = [];
  private flushing: Promise<void> | undefined;
  private draining = false;

  constructor(private readonly options: BatcherOptions<Command, Result>) {}

  /** Commands not yet in a flush. */
  get queued(): number {
    return this.waiting.length;
  }

  /** Resolves once the command's batch is durable and applied. Rejects with BUSY, STOPPING or its own error. */
  submit(command: Command): Promise<Result> {
    if (this.draining) return Promise.reject(new PresenceError('STOPPING', 'this node is stopping, call another'));
    if (this.waiting.length >= this.options.maxQueued) {
      return Promise.reject(
        new PresenceError('BUSY', 'too many calls are waiting, try again', { queued: this.queued }),
      );
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ command, resolve, reject });
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
    while (this.waiting.length > 0) {
      const batch =
        this.waiting.length <= this.options.maxBatch ? this.waiting : this.waiting.slice(0, this.options.maxBatch);
      this.waiting = batch === this.waiting ? [] : this.waiting.slice(this.options.maxBatch);
      await this.flushOne(batch);
    }
    this.flushing = undefined;
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
