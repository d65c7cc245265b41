import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { SharedFrame } from './shared-frame';
import type { Closing } from './socket-errors';

/** The way to one client. What is sent after it has ended goes nowhere. */
export interface Wire {
  /** Bytes that wait in this process because the client does not read. */
  readonly bufferedAmount: number;
  /** A text frame. */
  send(text: string): void;
  /** One that is sent to others, too. */
  sendShared(frame: SharedFrame): void;
  /** One text frame of two parts, of which the second is shared with others. */
  sendParts(head: string, body: Buffer): void;
  close(why: Closing): void;
  /** Calls back once what waits is gone, in place of a callback before; undefined: none. Never when it ends before. */
  whenDrained(then: (() => void) | undefined): void;
  /** A frame of the client has come. While it does not read what it is sent, only some more are taken: no answer waits for them then. */
  taken(): void;
}

const TEXT = { binary: false };
const FIRST_PART = { binary: false, fin: false };
/** Each may have an answer of some bytes, which takes hundreds in this process: they are counted, not weighed. */
const MAX_TAKEN_UNREAD = 32;

/** What the WebSocket writes to is `stream`. */
export class SocketWire implements Wire {
  private then: (() => void) | undefined;
  private takenUnread = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly stream: Duplex,
  ) {
    stream.on('drain', () => this.drained());
  }

  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  send(text: string): void {
    this.socket.send(text, TEXT);
  }

  sendShared({ bytes }: SharedFrame): void {
    // Past the WebSocket, which writes all it has to at once: nothing of it can come in between.
    if (this.socket.readyState === this.socket.OPEN) this.stream.write(bytes);
  }

  sendParts(head: string, body: Buffer): void {
    // A copy of the body for each client would be what fills the memory when many come at once.
    this.socket.send(head, FIRST_PART);
    this.socket.send(body, TEXT);
  }

  close({ code, reason }: Closing): void {
    this.socket.close(code, reason);
  }

  whenDrained(then: (() => void) | undefined): void {
    this.then = then;
    if (then && !this.stream.writableNeedDrain) setImmediate(() => this.wake(then));
  }

  taken(): void {
    if (!this.stream.writableNeedDrain) return;
    this.takenUnread += 1;
    if (this.takenUnread === MAX_TAKEN_UNREAD) this.socket.pause();
  }

  private drained(): void {
    if (this.takenUnread >= MAX_TAKEN_UNREAD) this.socket.resume();
    this.takenUnread = 0;
    if (this.then) this.wake(this.then);
  }

  private wake(then: () => void): void {
    if (this.then !== then) return;
    this.then = undefined;
    then();
  }
}
