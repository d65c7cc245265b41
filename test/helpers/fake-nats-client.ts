interface Status {
  readonly type: string;
  readonly data: string;
}

/** The NATS client as far as the guard of the bus uses it: statuses in a queue, ended by stop(). */
export class FakeClient {
  private readonly queue: Status[] = [];
  private wake = () => {};
  private close: (error?: Error) => void = () => {};
  readonly whenClosed = new Promise<Error | void>((resolve) => (this.close = resolve));
  flushed: () => Promise<void> = async () => {};
  stopped = false;
  /** How many statuses have been read and dealt with. */
  read = 0;
  private broken: Error | undefined;

  says(...types: string[]): void {
    this.queue.push(...types.map((type) => ({ type, data: 'nats:4222' })));
    this.wake();
  }
  breaks(error: Error): void {
    this.broken = error;
    this.wake();
  }
  closes(error?: Error): void {
    this.close(error);
  }
  closed = () => this.whenClosed;
  flush = () => this.flushed();
  status = () => Object.assign(this.statuses(), { stop: () => this.ends() });

  private ends(): void {
    this.stopped = true;
    this.wake();
  }
  private async *statuses(): AsyncGenerator<Status> {
    while (!this.stopped) {
      if (this.broken) throw this.broken;
      const next = this.queue.shift();
      if (next) {
        yield next;
        this.read += 1;
      } else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
