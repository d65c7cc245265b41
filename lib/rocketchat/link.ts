import { setTimeout as delay } from 'node:timers/promises';
import { PresenceError } from '../wire/errors';
import type { Era } from './era';
import { RocketChatFault } from './faults';
import { adviceOn, ServiceAccount, type ServiceAccountOptions } from './service-account';
import { StatusPush, type StatusToSet } from './status-push';

export interface LinkOptions extends ServiceAccountOptions {
  readonly log: { info(line: string): void; warn(line: string): void };
  /** Between two attempts to get in touch: the first pause, and the longest. Milliseconds. */
  readonly pauseMs?: readonly [first: number, longest: number];
}

/** How it stands with Rocket.Chat. */
export interface LinkState {
  /** Whether the account was logged in when it was last used. */
  readonly connected: boolean;
  readonly version?: string;
  /** What is wrong, in a line for an operator. */
  readonly fault?: string;
  /** Users whose status waits to be set there. */
  readonly waiting: number;
}

const PAUSE_MS = [2_000, 5 * 60_000] as const;
/** From 8.6 on a status may have an end (contract 0.2). */
const ENDS_SINCE = [8, 6] as const;

/** This node's link to Rocket.Chat over REST. It is there to be used, whether or not Rocket.Chat is: nothing waits for it to start. */
export class RocketChatLink {
  /** Logs in by itself when it is used. */
  readonly account: ServiceAccount;
  private readonly push: StatusPush;
  private readonly stopping = new AbortController();
  private greeting: Promise<void> | undefined;
  private era: Era | undefined;
  private fault: string | undefined;
  private connected = false;

  constructor(private readonly options: LinkOptions) {
    this.account = new ServiceAccount(options);
    this.push = new StatusPush({ account: this.account, onDelay: (fault) => this.failed(fault) });
  }

  get state(): LinkState {
    const { connected, era, fault, push } = this;
    return { connected, ...(era && { version: era.version }), ...(fault && { fault }), waiting: push.size };
  }

  /** Finds out which Rocket.Chat it is and logs in, again and again until both are done. */
  start(): void {
    this.greeting ??= this.greet();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.greeting, this.push.stop()]);
  }

  /** Whether a status may have an end there; undefined as long as it is not known which Rocket.Chat it is. */
  get knowsEnds(): boolean | undefined {
    return this.era && knowsEnds(this.era);
  }

  /**
   * Sets a user's status in Rocket.Chat.
   *
   * @param withinMs how long its turn is waited for, and a Rocket.Chat that is away is not; absent: for ever
   * @returns once Rocket.Chat has taken it, or a newer one of the same user
   * @throws PresenceError ROCKETCHAT_REFUSED; ROCKETCHAT_UNAVAILABLE where the account cannot do it, or not in time; INVALID_ARGUMENT; BUSY; STOPPING
   */
  async setStatus(wanted: StatusToSet, withinMs?: number): Promise<void> {
    if (wanted.expiresAt && this.era && !knowsEnds(this.era)) {
      throw new PresenceError(
        'INVALID_ARGUMENT',
        `statusExpiresAt: Rocket.Chat ${this.era.version} knows no end of a status`,
        {
          field: 'statusExpiresAt',
        },
      );
    }
    try {
      await this.push.set(wanted, withinMs);
      this.worked();
    } catch (error) {
      if (!(error instanceof RocketChatFault)) throw error;
      if (error.code === 'REFUSED') {
        throw new PresenceError('ROCKETCHAT_REFUSED', error.message, { said: error.details.said });
      }
      this.failed(error);
      throw new PresenceError('ROCKETCHAT_UNAVAILABLE', `Rocket.Chat does not do it: ${error.message}`);
    }
  }

  private async greet(): Promise<void> {
    const [first, longest] = this.options.pauseMs ?? PAUSE_MS;
    for (let pauseMs = first; !this.stopping.signal.aborted; pauseMs = Math.min(2 * pauseMs, longest)) {
      try {
        this.era ??= await this.meet();
        await this.account.userId();
        this.worked();
        return;
      } catch (error) {
        if (!(error instanceof RocketChatFault)) throw error;
        this.failed(error);
      }
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async meet(): Promise<Era> {
    const era = await this.account.era();
    if (era.isSupported) this.options.log.info(era.said);
    else this.options.log.warn(`${era.said}; nothing is promised to work with it`);
    return era;
  }

  /** The account was of use: what was wrong is no more. */
  worked(): void {
    if (!this.connected) this.options.log.info(`logged in at ${this.options.url} as ${this.options.username}`);
    [this.connected, this.fault] = [true, undefined];
  }

  /** What went wrong in using the account. Each fault is told once, however often it comes again. */
  failed(fault: RocketChatFault): void {
    const said = adviceOn(fault, this.options);
    if (said !== this.fault) this.options.log.warn(said);
    [this.connected, this.fault] = [false, said];
  }
}

function knowsEnds({ version }: Era): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > ENDS_SINCE[0] || (major === ENDS_SINCE[0] && minor >= ENDS_SINCE[1]);
}
