import { AsyncLocalStorage } from 'node:async_hooks';
import type { AnyBulkWriteOperation, Collection, BulkWriteOptions } from 'mongodb';
import { MongoConnection } from '../../lib/store/mongo/connection';

/** One trip of a flow to the database, the `number`th that it makes. */
export interface Step {
  readonly flow: string;
  readonly number: number;
  readonly collection: string;
  readonly isWrite: boolean;
}

/** Things that happen at once, by name. */
export type Flows = Readonly<Record<string, () => Promise<unknown>>>;
type Choose = (waiting: readonly Step[]) => Step;

/** One flow under way, which goes no further than its next trips until they are released. */
class Flow {
  readonly waiting = new Map<Step, () => Promise<void>>();
  private steps = 0;
  private ended = false;
  private tellNews = (): void => {};

  private constructor(private readonly name: string) {}

  static start(name: string, run: () => Promise<unknown>): { flow: Flow; outcome: Promise<unknown> } {
    const flow = new Flow(name);
    const outcome = inFlow.run(flow, run).finally(() => {
      flow.ended = true;
      flow.tellNews();
    });
    outcome.catch(() => undefined); // read once all flows have ended
    return { flow, outcome };
  }

  pass<T>(collection: string, isWrite: boolean, trip: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const step = { flow: this.name, number: this.steps++, collection, isWrite };
      this.waiting.set(step, async () => {
        this.waiting.delete(step);
        await trip().then(resolve, reject);
      });
      this.tellNews();
    });
  }

  /** Resolves once it cannot go on by itself: it waits before all trips that it makes at once, or has ended. */
  async rests(): Promise<void> {
    while (this.waiting.size === 0 && !this.ended) await new Promise<void>((resolve) => (this.tellNews = resolve));
    await new Promise(setImmediate);
  }
}

const inFlow = new AsyncLocalStorage<Flow>();

/** From now on each trip of a MongoStore that is made in a flow waits for its release. @returns the undoing */
export function holdTrips(): () => void {
  const original = MongoConnection.prototype.collection;
  const spy = jest.spyOn(MongoConnection.prototype, 'collection').mockImplementation(function (
    this: MongoConnection,
    name: string,
  ) {
    const real = original.call(this, name);
    const flow = inFlow.getStore();
    return flow ? held(real, name, flow) : real;
  });
  return () => spy.mockRestore();
}

type Id = { readonly _id: string };
type AnyCollection = Collection<Id>;

/** The operations that the path of a call makes; another one would go unseen, so it is refused. */
function held(real: AnyCollection, name: string, flow: Flow): AnyCollection {
  const operations: Partial<Record<string | symbol, (...args: never[]) => unknown>> = {
    find: (...args: Parameters<AnyCollection['find']>) => {
      const cursor = real.find(...args);
      return { toArray: () => flow.pass(name, false, () => cursor.toArray()) };
    },
    bulkWrite: (operations: AnyBulkWriteOperation<Id>[], options: BulkWriteOptions) =>
      flow.pass(name, true, () => real.bulkWrite(operations, options)),
  };
  return new Proxy(real, {
    get: (_, key) => {
      if (operations[key]) return operations[key];
      throw new Error(`${String(key)} of ${name} is no trip that can be held`);
    },
  });
}

/** Runs flows at once, one trip after the other, in the order that `choose` tells. */
async function interleave(flows: Flows, choose: Choose): Promise<void> {
  const started = Object.entries(flows).map(([name, run]) => Flow.start(name, run));
  for (;;) {
    for (const { flow } of started) await flow.rests();
    const waiting = new Map(started.flatMap(({ flow }) => [...flow.waiting]));
    if (waiting.size === 0) break;
    await waiting.get(choose([...waiting.keys()]))!();
  }
  for (const { outcome } of started) await outcome;
}

interface Fork {
  readonly options: readonly Step[];
  /** Steps whose turn here would only repeat what has been seen (sleep sets, P. Godefroid). */
  readonly asleep: Step[];
  current: Step;
}

/**
 * Runs flows once in each order of their trips that may end differently: two trips next to each other whose order
 * cannot matter (both read, or they go to different collections) are tried in one order only.
 *
 * @param begin makes the flows of one run, on untouched ground
 * @param end looks at the outcome of one run; told the order of its trips
 * @returns how many runs there were
 */
export async function inEveryOrder<Ground>(
  begin: (run: number) => Promise<{ readonly ground: Ground; readonly flows: Flows }>,
  end: (ground: Ground, order: string) => Promise<void>,
): Promise<number> {
  const path: Fork[] = [];
  let runs = 0;
  for (let attempt = 0; ; attempt++) {
    const { ground, flows } = await begin(attempt);
    const taken: Step[] = [];
    let isRepetition = false;
    await interleave(flows, (waiting) => {
      const fork = isRepetition ? undefined : (path[taken.length] ?? nextFork(path, waiting));
      isRepetition ||= fork === undefined;
      const step = fork === undefined ? waiting[0]! : waiting.find((option) => isSame(option, fork.current))!;
      taken.push(step);
      return step;
    });
    if (!isRepetition) {
      runs += 1;
      await end(
        ground,
        taken
          .map(({ flow, collection, isWrite }) => `${flow} ${isWrite ? 'writes' : 'reads'} ${collection}`)
          .join(', '),
      );
    }
    if (!turn(path)) return runs;
  }
}

/** A new fork at the end of the path; undefined when every way on from here has been seen. */
function nextFork(path: Fork[], options: readonly Step[]): Fork | undefined {
  const last = path.at(-1);
  const asleep = last ? last.asleep.filter((step) => isIndependent(step, last.current)) : [];
  const current = options.find((option) => !asleep.some((step) => isSame(step, option)));
  if (!current) return undefined;
  path.push({ options, asleep, current });
  return path.at(-1);
}

/** Turns the path to its next way. @returns false when there is none */
function turn(path: Fork[]): boolean {
  for (let fork = path.at(-1); fork; fork = path.at(-1)) {
    const { options, asleep, current } = fork;
    asleep.push(current);
    const next = options.find((option) => !asleep.some((step) => isSame(step, option)));
    if (next) {
      fork.current = next;
      return true;
    }
    path.pop();
  }
  return false;
}

function isSame(a: Step, b: Step): boolean {
  return a.flow === b.flow && a.number === b.number;
}

function isIndependent(a: Step, b: Step): boolean {
  return a.collection !== b.collection || (!a.isWrite && !b.isWrite);
}
