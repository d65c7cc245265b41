import { RocketChatFault } from '../rocketchat/faults';
import type { Allowance } from '../rocketchat/rest-client';
import { asError } from '../wire/errors';
import { againAfter, tooManyFailures } from './access';
import type { RateLimit } from './rate-limit';

export interface LoginChecksOptions {
  /** Failed authentications, by address. */
  readonly failures: Pick<RateLimit, 'left' | 'isUsedUp'>;
  /** Monotonic, milliseconds. */
  readonly upMs: () => number;
}

/** An address; undefined for callers that were let in before, who all together take turns as one. */
type From = string | undefined;

interface Check {
  readonly run: () => Promise<void>;
  readonly refuse: (error: Error) => void;
}

/** Rocket.Chat's own default (contract 6); more at once would all be in flight before its first answer says what it takes. */
const AT_ONCE = 10;
const MAX_WAITING = 1_000;
const MAX_WAITING_OF_ADDRESS = 100;
const SECOND = 1000;

/**
 * The line of those who wait until Rocket.Chat is asked about their login. Called by RocketChatAccess. Addresses take turns, so that one
 * cannot keep the others waiting; of one no more are in flight than may fail; and as long as Rocket.Chat takes no more, none are sent.
 */
export class LoginChecks {
  /** By address; the first address is the next one. */
  private readonly lines = new Map<From, Check[]>();
  private readonly running = new Map<From, number>();
  private waiting = 0;
  private atOnce = 0;
  private restUntilMs = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: LoginChecksOptions) {}

  /** Milliseconds for which Rocket.Chat takes no more. */
  get restMs(): number {
    return Math.max(0, this.restUntilMs - this.options.upMs());
  }

  /** Checks that wait or are under way. */
  get size(): number {
    return this.waiting + this.atOnce;
  }

  /**
   * @param from what takes turns
   * @param check is made again when Rocket.Chat says TOO_MANY
   * @throws what the check throws; PresenceError AUTH_UNAVAILABLE where too many wait, RATE_LIMITED where too many of the address failed
   */
  ask<T>(from: From, check: () => Promise<T>): Promise<T> {
    const line = this.lines.get(from) ?? [];
    if (this.waiting >= MAX_WAITING || line.length >= MAX_WAITING_OF_ADDRESS) {
      return Promise.reject(againAfter('AUTH_UNAVAILABLE', 'too many logins wait for Rocket.Chat', this.restS(1)));
    }
    return new Promise<T>((resolve, reject) => {
      const run = () =>
        check().then(resolve, (thrown: unknown) => {
          const error = asError(thrown);
          if (!(error instanceof RocketChatFault) || error.code !== 'TOO_MANY') return reject(error);
          this.rest(error.details.waitMs ?? 0);
          this.put(from, { run, refuse: reject }, 'first');
        });
      this.put(from, { run, refuse: reject }, 'last');
      this.pump();
    });
  }

  /** Rocket.Chat has said what it takes. What is in flight may not be counted in it yet. */
  heed({ remaining, resetMs }: Allowance): void {
    if (remaining < this.atOnce) this.rest(resetMs);
  }

  private rest(ms: number): void {
    this.restUntilMs = Math.max(this.restUntilMs, this.options.upMs() + ms);
  }

  private restS(least: number): number {
    return Math.max(least, Math.ceil(this.restMs / SECOND));
  }

  private put(from: From, check: Check, where: 'first' | 'last'): void {
    const line = this.lines.get(from);
    if (!line) this.lines.set(from, [check]);
    else if (where === 'last') line.push(check);
    else line.unshift(check);
    this.waiting += 1;
  }

  private pump(): void {
    while (this.atOnce < AT_ONCE && this.restMs === 0) {
      const next = this.next();
      if (!next) return;
      void this.start(...next);
    }
    if (this.restMs === 0 || this.waiting === 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pump(), this.restMs + 1).unref();
  }

  /** The next of the first address that may have one under way. */
  private next(): [From, Check] | undefined {
    for (const [from, line] of this.lines) {
      const running = this.running.get(from) ?? 0;
      const left = from === undefined ? Infinity : this.options.failures.left(from);
      if (from !== undefined && left === 0) this.refuseAll(from, line);
      if (running >= left) continue;
      this.lines.delete(from);
      const check = line.shift()!;
      if (line.length > 0) this.lines.set(from, line);
      this.waiting -= 1;
      return [from, check];
    }
    return undefined;
  }

  private refuseAll(from: string, line: readonly Check[]): void {
    this.lines.delete(from);
    this.waiting -= line.length;
    const resetS = this.options.failures.isUsedUp(from)?.resetS ?? 1;
    for (const { refuse } of line) refuse(tooManyFailures(resetS));
  }

  private async start(from: From, { run }: Check): Promise<void> {
    this.atOnce += 1;
    this.running.set(from, (this.running.get(from) ?? 0) + 1);
    await run();
    this.atOnce -= 1;
    const running = this.running.get(from)! - 1;
    if (running > 0) this.running.set(from, running);
    else this.running.delete(from);
    this.pump();
  }
}
