import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Clients that mean harm, all against one port of this machine. */
export class HostileClients {
  private readonly sockets = new Set<Socket>();

  constructor(private readonly port: number) {}

  /** How many connections the node has not ended. */
  get open(): number {
    return this.sockets.size;
  }

  /** Sends this and never reads. @returns once it is sent */
  async unread(text: string | Buffer): Promise<Socket> {
    const socket = this.connect().pause();
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  }

  /** Sends this and reads until the node ends the connection, or says that it does. @param isEnd looks at what is read */
  async untilEnded(text: string | Buffer, isEnd: (chunk: Buffer) => boolean): Promise<void> {
    const socket = this.connect();
    await new Promise<void>((resolve) => {
      const done = () => resolve();
      socket.once('end', done).once('close', done);
      socket.on('data', (chunk: Buffer) => (isEnd(chunk) ? resolve() : undefined));
      socket.write(text);
    });
    socket.destroy();
  }

  /** Sends this and reads, but never closes its own end. */
  async halfOpen(text: string): Promise<Socket> {
    const socket = this.connect().resume();
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  }

  /** Sends requests one behind the other, and reads until as many answers are there or the node ends the connection. */
  async answered(requests: readonly string[]): Promise<void> {
    const socket = this.connect();
    let answers = 0;
    let rest = '';
    await new Promise<void>((resolve) => {
      socket.once('close', resolve).once('end', resolve);
      socket.setEncoding('latin1').on('data', (text: string) => {
        const parts = (rest + text).split('HTTP/1.1 ');
        answers += parts.length - 1;
        rest = parts.at(-1)!.slice(-8);
        if (answers >= requests.length) resolve();
      });
      socket.write(requests.join(''));
    });
    socket.destroy();
  }

  /** Sends this, if anything, and is gone. */
  async gone(text: string): Promise<void> {
    const socket = this.connect();
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    if (text !== '') await new Promise((resolve) => socket.write(text, resolve));
    socket.destroy();
  }

  /** The same many times, so many at once. */
  static async times(count: number, atOnce: number, attack: (i: number) => Promise<unknown>): Promise<void> {
    let next = 0;
    const one = async () => {
      while (next < count) await attack(next++);
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  }

  closeAll(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  private connect(): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  }
}
