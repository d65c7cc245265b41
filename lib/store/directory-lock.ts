import { createHash, randomUUID } from 'node:crypto';
import { promises as fs } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Unix socket paths are cut at about 107 bytes; longer ones go to the temporary folder under a hash. */
const MAX_SOCKET_PATH = 100;
const POLL_MS = 10;

type State = 'starting' | 'holding';

/**
 * Holds a data directory for one process. Each contender shows a listening Unix socket of its own in the
 * folder and then looks at the others': the kernel lets go of a socket the moment its process dies, however
 * it dies, so there is no stale lock to wait for or to clean by hand, and nobody ever removes a live one.
 *
 *   starting ──another holds, or starts with a smaller id──▶ gives up
 *      └──────nobody else is left─────▶ holding
 *
 * Showing comes before looking: of two contenders the later one sees the earlier.
 */
export class DirectoryLock {
  private server: net.Server | undefined;
  private state: State = 'starting';
  private readonly id = randomUUID().slice(0, 12);

  constructor(private readonly directory: string) {}

  /** Rejects with a plain sentence when another live process holds the directory. */
  async acquire(): Promise<void> {
    const prefix = socketPrefix(this.directory);
    this.state = 'starting';
    await this.listen(prefix + this.id);
    for (;;) {
      const others = await contenders(prefix, this.id);
      const alive = others.filter(({ state }) => state !== undefined);
      if (alive.some(({ id, state }) => state === 'holding' || id < this.id)) {
        await this.release();
        throw new Error(`DATA_DIR ${this.directory} is in use by another running node; give each node its own`);
      }
      if (alive.length === 0) {
        this.state = 'holding';
        for (const { id } of others) await fs.rm(prefix + id, { force: true });
        return;
      }
      await delay(POLL_MS);
    }
  }

  async release(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  private async listen(socket: string): Promise<void> {
    const server = net.createServer((connection) => {
      connection.on('error', () => connection.destroy());
      connection.end(this.state);
    });
    server.unref();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socket, resolve);
    });
    this.server = server;
  }
}

function socketPrefix(directory: string): string {
  const inside = path.join(path.resolve(directory), '.lock-');
  if (inside.length + 12 <= MAX_SOCKET_PATH) return inside;
  const hash = createHash('sha256').update(inside).digest('hex').slice(0, 16);
  return path.join(os.tmpdir(), `presence-${hash}.lock-`);
}

/** Everybody else who ever showed a socket; without a state those who are dead. */
async function contenders(prefix: string, self: string): Promise<{ id: string; state: State | undefined }[]> {
  const names = await fs.readdir(path.dirname(prefix));
  const ids = names
    .filter((name) => name.startsWith(path.basename(prefix)))
    .map((name) => name.slice(path.basename(prefix).length))
    .filter((id) => id !== self);
  return Promise.all(ids.map(async (id) => ({ id, state: await stateOf(prefix + id) })));
}

/** What the live process that listens on a socket says; one that says nothing readable is starting. */
function stateOf(socket: string): Promise<State | undefined> {
  return new Promise((resolve) => {
    let said = '';
    const connection = net.connect(socket);
    connection.setEncoding('utf8');
    connection.on('data', (chunk: string) => (said += chunk));
    connection.once('end', () => resolve(said === 'holding' ? 'holding' : 'starting'));
    connection.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? undefined : 'starting');
    });
  });
}
