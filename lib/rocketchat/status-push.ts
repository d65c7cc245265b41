import { setTimeout as delay } from 'node:timers/promises';
import { PresenceError } from '../wire/errors';
import { RocketChatFault } from './faults';
import type { ServiceAccount } from './service-account';

/** What a user is to say of himself in Rocket.Chat; at least `status` or `text`. */
export interface StatusToSet {
  readonly uid: string;
  readonly status?: string;
  readonly text?: string;
  readonly expiresAt?: Date;
}

export interface StatusPushOptions {
  readonly account: Pick<ServiceAccount, 'call'>;
  /** Told of each attempt that failed but may succeed later. */
  readonly onDelay?: (fault: RocketChatFault) => void;
  /** Between attempts while Rocket.Chat is away: the first pause, and the longest. Milliseconds. */
  readonly pauseMs?: readonly [first: number, longest: number];
  /** Users who may wait at once. */
  readonly maxUsers?: number;
}

/** One user's. */
interface Waiting {
  wanted: StatusToSet;
  /** Of this wish and of those that it has taken the place of. */
  readonly callers: Set<Caller>;
  /** Nobody waits for it any more. */
  readonly withdrawn: AbortController;
}

interface Caller {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Does not wait for a Rocket.Chat that is away. */
  readonly timer: NodeJS.Timeout | undefined;
}

const PAUSE_MS = [1_000, 60_000] as const;
const MAX_USERS = 10_000;

/**
 * Sets statuses in Rocket.Chat, of which it takes five a minute (contract 6): one user after the other in the order they
 * came, of each the newest alone, as it is when its turn comes. While Rocket.Chat is away they wait, as many as there are users.
 */
export class StatusPush {
  /** By user; the order of a Map's keys is the order in which they came. */
  private readonly waiting = new Map<string, Waiting>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly options: StatusPushOptions) {}

  /** Users who wait. */
  get size(): number {
    return this.waiting.size;
  }

  /**
   * @param withinMs how long its turn is waited for, and a Rocket.Chat that is away is not; absent: for ever
   * @returns once Rocket.Chat has taken it, or a newer one of the same user in its place
   * @throws RocketChatFault that does not pass by itself, or AWAY where that is not waited for; PresenceError BUSY,
   *   ROCKETCHAT_UNAVAILABLE where its turn did not come in time, STOPPING where the node stops before. Then nothing is set
   */
  set(wanted: StatusToSet, withinMs?: number): Promise<void> {
    if (this.stopping.signal.aborted) return Promise.reject(new PresenceError('STOPPING', 'this node is stopping'));
    const before = this.waiting.get(wanted.uid);
    if (!before && this.waiting.size >= (this.options.maxUsers ?? MAX_USERS)) {
      return Promise.reject(new PresenceError('BUSY', 'too many statuses wait to be set in Rocket.Chat'));
    }
    const entry = before ?? { wanted, callers: new Set(), withdrawn: new AbortController() };
    entry.wanted = merged(before?.wanted, wanted);
    this.waiting.set(wanted.uid, entry);
    return new Promise((resolve, reject) => {
      const late = () => this.leave(wanted.uid, caller, tooLate());
      const timer = withinMs === undefined ? undefined : setTimeout(late, withinMs);
      const caller: Caller = { resolve, reject, timer };
      entry.callers.add(caller);
      this.running ??= this.run().finally(() => (this.running = undefined));
    });
  }

  /** What waits is given up; its callers are told. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    for (const { callers } of this.waiting.values()) {
      settle(callers, ({ reject }) => reject(new PresenceError('STOPPING', 'this node is stopping')));
    }
    this.waiting.clear();
  }

  /** A caller waits no longer. What nobody waits for is not set. */
  private leave(uid: string, caller: Caller, why: Error): void {
    const entry = this.waiting.get(uid);
    if (!entry?.callers.delete(caller)) return; // it is under way: what becomes of it is told soon
    settle([caller], ({ reject }) => reject(why));
    if (entry.callers.size > 0) return;
    this.waiting.delete(uid);
    entry.withdrawn.abort();
  }

  private async run(): Promise<void> {
    const [first, longest] = this.options.pauseMs ?? PAUSE_MS;
    let pauseMs = first;
    while (this.waiting.size > 0 && !this.stopping.signal.aborted) {
      const [uid, next] = this.waiting.entries().next().value!;
      const fault = await this.send(uid, next);
      if (!fault) {
        pauseMs = first;
        continue;
      }
      this.options.onDelay?.(fault);
      if (this.waiting.size === 0) return;
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, longest);
    }
  }

  /** @returns why it was not taken, if another attempt may succeed */
  private async send(uid: string, entry: Waiting): Promise<RocketChatFault | undefined> {
    const signal = AbortSignal.any([this.stopping.signal, entry.withdrawn.signal]);
    // Until it has its turn it waits where a newer wish takes its place.
    const body = () => {
      this.takeNewer(uid, entry);
      return bodyOf(entry.wanted);
    };
    try {
      await this.options.account.call({ method: 'POST', path: 'v1/users.setStatus', body }, signal);
      settle(entry.callers, ({ resolve }) => resolve());
      return undefined;
    } catch (error) {
      if (signal.aborted) {
        if (this.stopping.signal.aborted) this.putBack(uid, entry);
        return undefined;
      }
      if (!(error instanceof RocketChatFault && error.isPassing)) {
        if (this.waiting.get(uid) === entry) this.waiting.delete(uid);
        settle(entry.callers, ({ reject }) => reject(error));
        return undefined;
      }
      this.putBack(uid, entry);
      const hasty = [...this.waiting.get(uid)!.callers].filter(({ timer }) => timer !== undefined);
      for (const caller of hasty) this.leave(uid, caller, error);
      return error;
    }
  }

  /** Behind the others: one user whom Rocket.Chat does not take must not keep the rest from their turn. */
  private putBack(uid: string, entry: Waiting): void {
    this.takeNewer(uid, entry);
    this.waiting.set(uid, entry);
  }

  private takeNewer(uid: string, entry: Waiting): void {
    const newer = this.waiting.get(uid);
    this.waiting.delete(uid);
    if (!newer || newer === entry) return;
    entry.wanted = merged(entry.wanted, newer.wanted);
    for (const caller of newer.callers) entry.callers.add(caller);
  }
}

function settle(callers: Iterable<Caller>, how: (caller: Caller) => void): void {
  for (const caller of callers) {
    clearTimeout(caller.timer);
    how(caller);
  }
}

function tooLate(): PresenceError {
  return new PresenceError(
    'ROCKETCHAT_UNAVAILABLE',
    'Rocket.Chat takes no more statuses for the moment (its rate limit)',
  );
}

function bodyOf({ uid, status, text: message, expiresAt }: StatusToSet): object {
  return { userId: uid, status, message, expiresAt: expiresAt?.toISOString() };
}

/** The newer of two wishes; a part that it does not speak of stays as the older had it. */
function merged(older: StatusToSet | undefined, newer: StatusToSet): StatusToSet {
  if (!older) return newer;
  // A status comes with its own end, or with none.
  const ofStatus = newer.status === undefined ? older : newer;
  return { uid: newer.uid, status: ofStatus.status, expiresAt: ofStatus.expiresAt, text: newer.text ?? older.text };
}
