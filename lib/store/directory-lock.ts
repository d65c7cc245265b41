import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** Unix socket paths are cut at about 107 bytes; a longer one goes to the temporary folder under a hash. */
const MAX_SOCKET_PATH = 100;

/**
 * Holds a data directory for one process. The lock is a listening Unix socket: the kernel lets go of it
 * the moment the process dies, however it dies, so there is no stale lock to wait for or to clean by hand.
 */
export class DirectoryLock {
  private server: net.Server | undefined;

  constructor(private readonly directory: string) {}

  /** Rejects with a plain sentence when another live process holds the directory. */
  async acquire(): Promise<void> {
    const socket = socketPath(this.directory);
    if (await this.listen(socket)) return;
    if (await answers(socket)) {
      throw new Error(`DATA_DIR ${this.directory} is in use by another running node; give each node its own`);
    }
    await fs.rm(socket, { force: true });
    if (!(await this.listen(socket))) {
      throw new Error(`DATA_DIR ${this.directory} was taken by another node that is starting`);
    }
  }

  async release(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** False when the socket file exists already. */
  private listen(socket: string): Promise<boolean> {
    const server = net.createServer((connection) => connection.destroy());
    server.unref();
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(false);
        else reject(error);
      });
      server.listen(socket, () => {
        this.server = server;
        resolve(true);
      });
    });
  }
}

function socketPath(directory: string): string {
  const inside = path.join(path.resolve(directory), '.lock');
  if (inside.length <= MAX_SOCKET_PATH) return inside;
  const hash = createHash('sha256').update(inside).digest('hex').slice(0, 16);
  return path.join(os.tmpdir(), `presence-${hash}.lock`);
}

/** Whether a live process listens on the socket. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}
