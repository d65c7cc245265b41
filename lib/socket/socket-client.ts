import type { Access, Caller } from '../http/access';
import { PresenceError } from '../wire/errors';
import type { Whom } from '../feed/snapshots';
import { readFrame, type ClientFrame } from './client-frames';
import { errorFrame, helloFrame, PONG } from './server-frames';
import { CLOSE, SocketError, type Closing } from './socket-errors';
import { Subscription, type Told } from './subscription';
import { TokenBucket } from './token-bucket';
import type { Wire } from './wire';

export interface ClientOptions {
  readonly access: Pick<Access, 'ofToken'>;
  readonly told: Told;
  /** Absent: it has to say first who it is. */
  readonly caller?: Caller;
  /** Looks again who it is that was let in as `caller`. @returns undefined, or throws UNAUTHENTICATED, where nobody is any more */
  readonly again?: () => Promise<Caller | undefined>;
  /** Told that it has given a token that nobody has. */
  readonly onRefused?: () => void;
  readonly warn?: (message: string, error: unknown) => void;
}

/** Frames a client may send in a second, and at once. */
const FRAMES_PER_SECOND = 50;
const AUTH_WITHIN_MS = 5_000;
/** Frames that may wait while it is found out who the client is. */
const MAX_WAITING_FRAMES = 16;
const MAX_WAITING_BYTES = 512 * 1024;

/** What one client asks for and is told. No frame makes it throw. */
export class SocketClient {
  private readonly bucket = new TokenBucket(FRAMES_PER_SECOND);
  private caller: Caller | undefined;
  private again: (() => Promise<Caller | undefined>) | undefined;
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
    this.again = options.again;
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
    if (this.bucket.take()) return true;
    this.close(CLOSE.tooFast);
    return false;
  }

  lost(): void {
    this.subscription?.lost();
  }

  /** Sends it away where its token is nobody's any more. While that cannot be found out it stays. */
  async recheck(): Promise<void> {
    if (!this.again || this.hasEnded) return;
    try {
      if (await this.again()) return;
    } catch (error) {
      if ((error as { type?: unknown }).type !== 'UNAUTHENTICATED') return;
    }
    this.refuse(new SocketError('UNAUTHENTICATED'), CLOSE.unauthenticated);
  }

  close(why: Closing): void {
    this.end();
    this.wire.close(why);
  }

  /** The connection is gone. */
  end(): void {
    this.hasEnded = true;
    clearTimeout(this.authTimer);
    this.unsubscribe();
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
    if (!this.caller) throw new SocketError('UNAUTHENTICATED', 'the first frame must be auth');
    switch (frame.op) {
      case 'subscribe':
        return this.subscribe(frame.whom, frame.id, frame.since);
      case 'unsubscribe':
        return this.unsubscribe();
      case 'ping':
        return this.send('pong', PONG);
    }
  }

  private async authenticate(token: string): Promise<void> {
    if (this.caller) throw new SocketError('ALREADY_AUTHENTICATED');
    clearTimeout(this.authTimer);
    let caller: Caller | undefined;
    try {
      caller = await this.options.access.ofToken(token);
    } catch (error) {
      if (!(error instanceof PresenceError)) this.options.warn?.('a token could not be looked at', error);
      return this.refuse(new SocketError('AUTH_UNAVAILABLE'), CLOSE.authUnavailable);
    }
    if (!caller) {
      this.options.onRefused?.();
      return this.refuse(new SocketError('UNAUTHENTICATED'), CLOSE.unauthenticated);
    }
    this.again = () => this.options.access.ofToken(token);
    if (!this.hasEnded) this.welcome(caller);
  }

  private refuse(error: SocketError, why: Closing): void {
    if (this.hasEnded) return;
    this.send('error', errorFrame(error));
    this.close(why);
  }

  private welcome(caller: Caller): void {
    this.caller = caller;
    this.send('hello', helloFrame(caller, this.options.told.feed.epoch));
  }

  private subscribe(whom: Whom, id: string | undefined, since: string | undefined): void {
    this.unsubscribe();
    this.subscription = new Subscription(this.options.told, this.wire, whom, id);
    this.subscription.start(since);
  }

  private unsubscribe(): void {
    this.subscription?.end();
    this.subscription = undefined;
  }

  private send(kind: 'hello' | 'pong' | 'error', frame: string): void {
    this.wire.send(frame);
    this.options.told.metrics.sent(kind);
  }
}
