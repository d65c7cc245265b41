import { PresenceError } from './wire/errors';

export interface BoundedLineOptions {
  readonly atOnce: number;
  /** How many more may wait. */
  readonly waiting: number;
}

/** Work that is done so many at a time; the rest waits in the order it came, and no more of it than may. */
export class BoundedLine {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly options: BoundedLineOptions) {}

  /** @throws PresenceError BUSY where too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.turn();
    try {
      return await work();
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  /** Resolves with a place that is taken: it goes from one to the next. */
  private async turn(): Promise<void> {
    const { atOnce, waiting } = this.options;
    if (this.running < atOnce) {
      this.running += 1;
      return;
    }
    if (this.queue.length >= waiting) throw new PresenceError('BUSY', `${waiting} requests of this kind wait already`);
    await new Promise<void>((resolve) => this.queue.push(resolve));
  }
}
