import type { Caller } from '../http/access';
import { PresenceError } from '../wire/errors';
import type { Whom } from '../feed/snapshots';
import { readFrame, type ClientFrame } from './client-frames';
import { PageReader } from './page-reader';
import { errorFrame, helloFrame, PONG } from './server-frames';
import { CLOSE, SocketError, type Closing, type SocketRefusal } from './socket-errors';
import { Subscription, type Told } from './subscription';
import { TokenBucket } from './token-bucket';
import type { Wire } from './wire';

/** What the caller of a connection may have, with all of their connections. */
export interface ClientLimits {
  /** A subscription to so many ids is to take the place of the one before. @throws SocketError TOO_MANY_IDS, RATE_LIMITED */
  subscribe(ids: number): void;
  /** The subscription is over. */
  unsubscribe(): void;
}

export interface ClientOptions {
  /**
   * Whose token it is, of a client that says so in its first frame.
   *
   * @returns undefined for a token that no caller has
   * @throws PresenceError RATE_LIMITED, AUTH_UNAVAILABLE
   */
  readonly ofToken: (token: string) => Promise<Caller | undefined>;
  /** Told who it is. @returns why it has to go, where there is no room for it */
  readonly enter: (caller: Caller) => ClientLimits | SocketRefusal;
  /** Told once, when it is sent away or gone. */
  readonly ended: () => void;
  readonly told: Told;
  /** Absent: it has to say first who it is. */
  readonly caller?: Caller;
  /** Looks again who it is. @returns undefined, or throws UNAUTHENTICATED, where nobody is any more */
  readonly again: (token: string | undefined) => Promise<Caller | undefined>;
  readonly warn?: (message: string, error: unknown) => void;
}

/** Frames a client may send in a second, and at once. */
const FRAMES_PER_SECOND = 50;
const AUTH_WITHIN_MS = 5_000;
/** Frames that may wait while it is found out who the client is. */
const MAX_WAITING_FRAMES = 16;
const MAX_WAITING_BYTES = 512 * 1024;

const NOBODY: SocketRefusal = { error: new SocketError('UNAUTHENTICATED'), close: CLOSE.unauthenticated };

/** What one client asks for and is told. No frame makes it throw. */
export class SocketClient {
  private readonly bucket = new TokenBucket(FRAMES_PER_SECOND);
  private readonly told: Told;
  /** From then on that it is known who it is. */
  private limits: ClientLimits | undefined;
  /** By which it has said who it is. */
  private token: string | undefined;
  private subscription: Subscription | undefined;
  private hasEnded = false;
  private waiting = 0;
  private waitingBytes = 0;
  private inbox: Promise<void> = Promise.resolve();
  private readonly authTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly wire: Wire,
    private readonly options: ClientOptions,
  ) {
    this.told = { ...options.told, snapshots: new PageReader(options.told.snapshots) };
    if (options.caller) this.welcome(options.caller);
    else this.authTimer = setTimeout(() => this.close(CLOSE.unauthenticated), AUTH_WITHIN_MS).unref();
  }

  /** Takes a frame; frames are followed one after the other. */
  receive(data: Buffer, isBinary: boolean): void {
    if (!this.heed()) return;
    const isFull = this.waiting === MAX_WAITING_FRAMES || this.waitingBytes > MAX_WAITING_BYTES;
    if (isFull) return this.close(CLOSE.tooFast);
    this.waiting += 1;
    this.waitingBytes += data.length;
    this.inbox = this.inbox.then(async () => {
      this.waiting -= 1;
      this.waitingBytes -= data.length;
      if (!this.hasEnded) await this.follow(data, isBinary);
    });
  }

  /** Counts something the client has sent. @returns whether it is to be looked at */
  heed(): boolean {
    if (this.hasEnded) return false;
    this.wire.taken();
    if (this.bucket.take()) return true;
    this.close(CLOSE.tooFast);
    return false;
  }

  lost(): void {
    this.subscription?.lost();
  }

  /** Sends it away where its token is nobody's any more. While that cannot be found out it stays. */
  async recheck(): Promise<void> {
    if (!this.limits || this.hasEnded) return;
    try {
      if (await this.options.again(this.token)) return;
    } catch (error) {
      if ((error as { type?: unknown }).type !== 'UNAUTHENTICATED') return;
    }
    this.refuse(NOBODY);
  }

  close(why: Closing): void {
    this.end();
    this.wire.close(why);
  }

  /** The connection is gone. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearTimeout(this.authTimer);
    this.unsubscribe();
    this.options.ended();
  }

  private async follow(data: Buffer, isBinary: boolean): Promise<void> {
    try {
      await this.carryOut(readFrame(data, isBinary));
    } catch (error) {
      if (error instanceof SocketError) this.send('error', errorFrame(error));
      else this.options.warn?.('a frame could not be followed', error);
    }
  }

  private async carryOut(frame: ClientFrame): Promise<void> {
    if (frame.op === 'auth') return this.authenticate(frame.token);
    if (!this.limits) throw new SocketError('UNAUTHENTICATED', 'the first frame must be auth');
    switch (frame.op) {
      case 'subscribe':
        return this.subscribe(this.limits, frame.whom, frame.id, frame.since);
      case 'unsubscribe':
        return this.unsubscribe();
      case 'ping':
        return this.send('pong', PONG);
    }
  }

  private async authenticate(token: string): Promise<void> {
    if (this.limits) throw new SocketError('ALREADY_AUTHENTICATED');
    clearTimeout(this.authTimer);
    let caller: Caller | undefined;
    try {
      caller = await this.options.ofToken(token);
    } catch (error) {
      return this.refuse(this.refusalBy(error));
    }
    if (this.hasEnded) return;
    if (!caller) return this.refuse(NOBODY);
    this.token = token;
    this.welcome(caller);
  }

  private refusalBy(error: unknown): SocketRefusal {
    if (!(error instanceof PresenceError)) this.options.warn?.('a token could not be looked at', error);
    else if (error.type === 'RATE_LIMITED') {
      return { error: new SocketError('RATE_LIMITED', error.message), close: CLOSE.rateLimited };
    }
    return { error: new SocketError('AUTH_UNAVAILABLE'), close: CLOSE.authUnavailable };
  }

  private refuse({ error, close }: SocketRefusal): void {
    if (this.hasEnded) return;
    if (error) this.send('error', errorFrame(error));
    this.close(close);
  }

  private welcome(caller: Caller): void {
    const entered = this.options.enter(caller);
    if ('close' in entered) return this.refuse(entered);
    this.limits = entered;
    this.send('hello', helloFrame(caller, this.told.feed.epoch));
  }

  private subscribe(limits: ClientLimits, whom: Whom, id: string | undefined, since: string | undefined): void {
    try {
      limits.subscribe(whom === 'all' ? 0 : whom.length);
    } catch (error) {
      throw error instanceof SocketError ? new SocketError(error.code, error.message, id) : error;
    }
    this.subscription?.end();
    this.subscription = new Subscription(this.told, this.wire, whom, id);
    this.subscription.start(since);
  }

  private unsubscribe(): void {
    this.subscription?.end();
    this.subscription = undefined;
    this.limits?.unsubscribe();
  }

  private send(kind: 'hello' | 'pong' | 'error', frame: string): void {
    this.wire.send(frame);
    this.told.metrics.sent(kind);
  }
}
