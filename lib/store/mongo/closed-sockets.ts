import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** What is used of the driver's own class, which it does not export. */
interface DriverConnection {
  readonly socket: Socket;
  onClose: (this: DriverConnection) => void;
}

const PATH = 'mongodb/lib/cmap/connection';

let isMended = false;

/**
 * Mends a fault of the driver (6.22, and 7.9 still has it): a command may be written to a socket that has ended a moment ago, before
 * its `close` is told. The driver then waits for `drain`, which never comes. A call waits for ever that way, and so does the monitor of
 * a server, which is never looked at again: the process needs a restart. It happens when a server closes all connections at once. Here
 * `close` ends that wait, too.
 */
export function mendClosedSockets(): void {
  if (isMended) return;
  isMended = true;
  const { Connection } = createRequire(__filename)(PATH) as { Connection: { prototype: DriverConnection } };
  const { onClose } = Connection.prototype;
  Connection.prototype.onClose = function (this: DriverConnection) {
    onClose.call(this);
    // Whoever waits for `drain` waits for `error`, too. The connection listens to it and is closed already.
    this.socket.emit('error', new Error('the connection was closed'));
  };
}
