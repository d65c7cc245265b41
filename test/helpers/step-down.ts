import { eventually } from './eventually';
import { withDb } from './mongo-server';
import type { Action, Command, MongoProxy } from './mongo-proxy';

const WRITES = ['update', 'insert', 'delete', 'findAndModify'];
/** As servers since 4.4 mark what a driver may try again by itself. */
const errorLabels = ['RetryableWriteError'];
const NOT_PRIMARY = { ok: 0, code: 10107, codeName: 'NotWritablePrimary', errmsg: 'not primary', errorLabels };
const INTERRUPTED = {
  ok: 0,
  code: 11602,
  codeName: 'InterruptedDueToReplStateChange',
  errmsg: 'operation was interrupted',
  errorLabels,
};

/** What may become of a write that is under way when the primary steps down; what it says, nobody can rely on. */
const UNDER_WAY: readonly Action[] = [
  { carryOut: 'half', answer: 'cut' },
  { carryOut: 'half', answer: INTERRUPTED },
  { carryOut: 'all', answer: 'cut' },
  { carryOut: 'nothing', answer: INTERRUPTED },
];

/** Step-downs of the primary, as its clients see them: writes under way half done, then refused for a while. */
export class StepDowns {
  /** Writes met under way: of which collection, and how many documents they are for. */
  readonly underWay: { readonly collection: string | undefined; readonly size: number }[] = [];
  /** Commands refused while there was no primary. */
  refused = 0;
  private rounds = 0;

  constructor(private readonly proxy: MongoProxy) {}

  /**
   * One step-down: as many of the next writes as there are fates meet one each, every connection is closed, and then
   * writes are refused for `forMs`.
   */
  async once(forMs: number): Promise<void> {
    const goal = this.underWay.length + UNDER_WAY.length;
    this.rounds += 1;
    this.proxy.intercept((command) => this.decide(command, goal));
    await eventually(() => expect(this.underWay.length).toBe(goal), { timeoutMs: 10_000 });
    this.proxy.cutAll();
    const [until, before] = [performance.now() + forMs, this.refused];
    await eventually(
      () => {
        expect(performance.now()).toBeGreaterThan(until);
        expect(this.refused).toBeGreaterThan(before);
      },
      { timeoutMs: forMs + 10_000 },
    );
    this.proxy.intercept(undefined);
  }

  private decide({ name, collection, document }: Command, goal: number): Action | undefined {
    if (!WRITES.includes(name)) return undefined;
    if (this.underWay.length < goal) {
      this.underWay.push({ collection, size: documentsOf(document) });
      // Each round begins with another fate: the ones after it may meet the same write, tried again.
      return UNDER_WAY[(this.underWay.length + this.rounds) % UNDER_WAY.length];
    }
    this.refused += 1;
    return { carryOut: 'nothing', answer: NOT_PRIMARY };
  }
}

function documentsOf(command: Command['document']): number {
  const { updates = [] } = command as { updates?: { readonly q?: { readonly _id?: { readonly $in?: unknown[] } } }[] };
  return updates.reduce((sum, { q }) => sum + (q?._id?.$in?.length ?? 1), 0);
}

/** Whether a URL names the members of a set of several nodes, of which another can become the primary. */
export const isSet = (url: string | undefined): boolean => /^mongodb:\/\/[^/?]*,/.test(url ?? '');

/** Real step-downs of a set of several nodes. */
export class SetStepDowns {
  constructor(private readonly url: string) {}

  /** Resolves once another node is the primary. */
  async once(forMs: number): Promise<void> {
    const primary = () =>
      withDb(this.url, async (db) => (await db.command({ hello: 1 })) as { readonly primary?: string });
    const before = (await primary()).primary;
    const stepDown = { replSetStepDown: Math.ceil(forMs / 1000) + 10, secondaryCatchUpPeriodSecs: 5 };
    await withDb(this.url, (admin) => admin.command(stepDown));
    const elected = async () => expect((await primary()).primary ?? before).not.toBe(before);
    await eventually(elected, { timeoutMs: 30_000 });
  }
}
