import { Batcher } from '../../lib/desk/batcher';
import { eventually } from './eventually';

interface Held {
  readonly resolve: (answers: (string | Error)[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A flush under the test's hand: it notes its batches, and each ends when told. */
export class HeldFlush {
  readonly batches: string[][] = [];
  private readonly running: Held[] = [];

  readonly flush = (batch: readonly string[]): Promise<(string | Error)[]> => {
    this.batches.push([...batch]);
    return new Promise((resolve, reject) => this.running.push({ resolve, reject }));
  };

  /** Ends the flush that runs, as soon as one does. */
  async end(answer: (command: string) => string | Error = answerTo): Promise<void> {
    const { resolve } = await this.next();
    resolve(this.batches.at(-1)!.map(answer));
  }

  /** @param error what a store throws may be anything */
  async fail(error: unknown): Promise<void> {
    const { reject } = await this.next();
    reject(error);
  }

  async started(flushes: number): Promise<void> {
    await eventually(() => expect(this.batches).toHaveLength(flushes));
  }

  private next(): Promise<Held> {
    return eventually(() => {
      expect(this.running).toHaveLength(1);
      return this.running.pop()!;
    });
  }
}

export const answerTo = (command: string) => `${command} done`;
export const batcherOn = (
  held: HeldFlush,
  limits: { maxBatch?: number; maxBackground?: number; maxQueued?: number } = {},
) => new Batcher<string, string>({ flush: held.flush, maxBatch: 100, maxQueued: 100, ...limits });
export const submitAll = (batcher: Batcher<string, string>, ...commands: string[]) =>
  Promise.allSettled(commands.map((command) => batcher.submit(command)));
export const fulfilled = (value: string) => ({ status: 'fulfilled', value });
export const coded = (type: string) => expect.objectContaining({ type, retryable: true }) as Error;
