import { setTimeout as delay } from 'node:timers/promises';
import { PresenceError } from '../errors';
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
  /** Told of each attempt that failed but will be made again. */
  readonly onDelay?: (fault: RocketChatFault) => void;
  /** Between attempts while Rocket.Chat is away: the first pause, and the longest. Milliseconds. */
  readonly pauseMs?: readonly [first: number, longest: number];
  /** Users who may wait at once. */
  readonly maxUsers?: number;
}

interface Waiting {
  readonly wanted: StatusToSet;
  /** Of this one and of those that it has taken the place of. */
  readonly callers: readonly Settle[];
}

interface Settle {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const PAUSE_MS = [1_000, 60_000] as const;
const MAX_USERS = 10_000;

/**
 * Sets statuses in Rocket.Chat, of which it takes five a minute (contract 6): one user after the other in the order they
 * came, of each the newest alone. While Rocket.Chat is away they wait, as many as there are users.
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
   * @returns once Rocket.Chat has taken it, or a newer one of the same user in its place
   * @throws RocketChatFault that does not pass by itself; PresenceError BUSY, or STOPPING where the node stops before
   */
  set(wanted: StatusToSet): Promise<void> {
    if (this.stopping.signal.aborted) return Promise.reject(new PresenceError('STOPPING', 'this node is stopping'));
    const before = this.waiting.get(wanted.uid);
    if (!before && this.waiting.size >= (this.options.maxUsers ?? MAX_USERS)) {
      return Promise.reject(new PresenceError('BUSY', 'too many statuses wait to be set in Rocket.Chat'));
    }
    return new Promise((resolve, reject) => {
      const caller: Settle = { resolve, reject };
      this.waiting.set(wanted.uid, {
        wanted: merged(before?.wanted, wanted),
        callers: [...(before?.callers ?? []), caller],
      });
      this.running ??= this.run().finally(() => (this.running = undefined));
    });
  }

  /** What waits is given up; its callers are told. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    for (const { callers } of this.waiting.values()) {
      for (const { reject } of callers) reject(new PresenceError('STOPPING', 'this node is stopping'));
    }
    this.waiting.clear();
  }

  private async run(): Promise<void> {
    const [first, longest] = this.options.pauseMs ?? PAUSE_MS;
    let pauseMs = first;
    while (this.waiting.size > 0 && !this.stopping.signal.aborted) {
      const [uid, next] = this.waiting.entries().next().value!;
      this.waiting.delete(uid);
      const fault = await this.send(next);
      if (!fault) {
        pauseMs = first;
        continue;
      }
      this.options.onDelay?.(fault);
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, longest);
    }
  }

  /** @returns why it was not taken, if it is to be tried again; then it waits anew */
  private async send(one: Waiting): Promise<RocketChatFault | undefined> {
    const { uid, status, text: message, expiresAt } = one.wanted;
    const body = { userId: uid, status, message, expiresAt: expiresAt?.toISOString() };
    try {
      await this.options.account.call({ method: 'POST', path: 'v1/users.setStatus', body }, this.stopping.signal);
      for (const { resolve } of one.callers) resolve();
      return undefined;
    } catch (error) {
      const mayPass = this.stopping.signal.aborted || (error instanceof RocketChatFault && error.isPassing);
      if (!mayPass) for (const { reject } of one.callers) reject(error);
      else this.putBack(uid, one);
      return mayPass && error instanceof RocketChatFault ? error : undefined;
    }
  }

  private putBack(uid: string, { wanted, callers }: Waiting): void {
    const newer = this.waiting.get(uid);
    this.waiting.set(uid, {
      wanted: merged(wanted, newer?.wanted),
      callers: [...callers, ...(newer?.callers ?? [])],
    });
  }
}

/** The newer of two wishes; a part that it does not speak of stays as the older had it. */
function merged(older: StatusToSet | undefined, newer: StatusToSet | undefined): StatusToSet {
  if (!older || !newer) return (newer ?? older)!;
  // A status comes with its own end, or with none.
  const ofStatus = newer.status === undefined ? older : newer;
  return { uid: newer.uid, status: ofStatus.status, expiresAt: ofStatus.expiresAt, text: newer.text ?? older.text };
}
