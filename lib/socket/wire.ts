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
  /** Calls back once what waits is gone. Never when it ends before. */
  whenDrained(then: () => void): void;
}

const TEXT = { binary: false };
const FIRST_PART = { binary: false, fin: false };

/** @param stream what the WebSocket writes to */
export function wireOf(socket: WebSocket, stream: Duplex): Wire {
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (text) => socket.send(text, TEXT),
    sendShared: ({ bytes }) => {
      // Past the WebSocket, which writes all it has to at once: nothing of it can come in between.
      if (socket.readyState === socket.OPEN) stream.write(bytes);
    },
    sendParts: (head, body) => {
      // A copy of the body for each client would be what fills the memory when many come at once.
      socket.send(head, FIRST_PART);
      socket.send(body, TEXT);
    },
    close: ({ code, reason }) => socket.close(code, reason),
    whenDrained: (then) => {
      if (stream.writableNeedDrain) stream.once('drain', then);
      else setImmediate(then);
    },
  };
}
