import { setTimeout as delay } from 'node:timers/promises';
import { RocketChatFault } from './faults';

export interface Limit {
  readonly calls: number;
  readonly perMs: number;
}

const MINUTE = 60_000;
/** Rocket.Chat's defaults (contract 6). */
export const DEFAULT_LIMIT: Limit = { calls: 10, perMs: MINUTE };
export const LIMITS: Readonly<Record<string, Limit>> = { 'v1/users.setStatus': { calls: 5, perMs: MINUTE } };
/** Those who wait for their turn at one address; more is not work but a mistake. */
const MAX_WAITING = 1_000;

/** Calls to one address, one after the other. */
class Lane {
  waiting = 0;
  private last: Promise<unknown> = Promise.resolve();
  /**
   * When the latest calls were answered, as many as a window takes. Rocket.Chat's window begins when it gets a call, which is not
   * known here; but it had got it when it answered. So no window of its, wherever it begins, gets more than it takes.
   */
  private readonly answeredAtMs: number[] = [];
  private restUntilMs = -Infinity;

  constructor(public limit: Limit) {}

  next<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.waiting += 1;
    const made = this.last.then(() => this.inTurn(call, signal)).finally(() => (this.waiting -= 1));
    this.last = made.catch(() => undefined);
    return made;
  }

  private async inTurn<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    for (;;) {
      signal?.throwIfAborted();
      const waitMs = this.freeAtMs() - performance.now();
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof RocketChatFault) || error.code !== 'TOO_MANY') throw error;
        this.restUntilMs = performance.now() + (error.details.waitMs ?? MINUTE);
      } finally {
        this.answeredAtMs.push(performance.now());
        this.answeredAtMs.splice(0, this.answeredAtMs.length - this.limit.calls);
      }
    }
  }

  private freeAtMs(): number {
    const { calls, perMs } = this.limit;
    const fullUntilMs = this.answeredAtMs.length < calls ? -Infinity : this.answeredAtMs[0]! + perMs;
    return Math.max(this.restUntilMs, fullUntilMs);
  }
}

/**
 * How often each address of Rocket.Chat may be called. Calls wait for their turn, in order; one that is refused all the same
 * is made again when Rocket.Chat says so, and all behind it wait too.
 */
export class CallBudget {
  private readonly lanes = new Map<string, Lane>();

  constructor(private readonly limits: Readonly<Record<string, Limit>> = LIMITS) {}

  /** Rocket.Chat's administrator may have set another limit than its default; its window is taken to be as long. */
  learn(address: string, calls: number): void {
    const lane = this.laneOf(address);
    lane.limit = { ...lane.limit, calls };
  }

  /** How often an address may be called all the time, milliseconds from one call to the next. */
  everyMs(address: string): number {
    const { calls, perMs } = this.laneOf(address).limit;
    return perMs / calls;
  }

  /**
   * @param address e.g. `v1/users.presence`
   * @param signal ends the waiting
   * @throws RocketChatFault whatever the call throws, but for TOO_MANY; AWAY where too many wait
   */
  async call<T>(address: string, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const lane = this.laneOf(address);
    if (lane.waiting >= MAX_WAITING) throw new RocketChatFault('AWAY', 'too many calls wait for Rocket.Chat already');
    return lane.next(call, signal);
  }

  private laneOf(address: string): Lane {
    let lane = this.lanes.get(address);
    if (!lane) this.lanes.set(address, (lane = new Lane(this.limits[address] ?? DEFAULT_LIMIT)));
    return lane;
  }
}
