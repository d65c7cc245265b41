import type { Duplex } from 'node:stream';

/** How long the other side has to read the answer and to close its end. */
const LINGER_MS = 2_000;

/** Sends the last answer of a connection and lets go of it within LINGER_MS, whatever the other side does. */
export function endConnection(socket: Duplex, answer: string): void {
  socket.on('error', () => undefined);
  const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(cut));
  socket.end(answer);
  socket.resume(); // what is still sent is thrown away: unread it would make a reset of the end
}
