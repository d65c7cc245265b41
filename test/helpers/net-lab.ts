import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** Addresses that are kept for tests of networks (RFC 2544): nobody's network has them. */
const NETWORK = '198.18';
/** Names of links have 15 characters at most. The process id makes them ours. */
const ID = process.pid.toString(36);
const BRIDGE = `pnb${ID}`;
const OUTER = `pno${ID}`;
const INNER = `pni${ID}`;
const NAMESPACE = `pn-${ID}`;

/** What takes away all there can be, in this order; what is not there is no fault. */
const REMOVALS = [
  ['netns', 'del', NAMESPACE],
  ['link', 'del', OUTER],
  ['link', 'del', BRIDGE],
];

/**
 * A network namespace behind a link that can be cut, on this machine alone: a pair of virtual links, its outer end in a
 * bridge that has an address here. Taken out of the bridge, what is sent vanishes without a word, as in a netsplit: both
 * ends believe that they are connected.
 */
export class NetLab {
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    /** This side's address, reachable from the other. */
    readonly host: string,
    private readonly guard: ChildProcess,
  ) {}

  /** Undefined when it can be built here, else why not. */
  static get missing(): string | undefined {
    if (process.getuid?.() !== 0) return 'that takes root';
    try {
      ip('netns', 'add', NAMESPACE);
      ip('netns', 'del', NAMESPACE);
      return undefined;
    } catch (error) {
      return (error as Error).message.trim().split('\n').at(-1);
    }
  }

  static create(): NetLab {
    const guard = removeWithUs();
    try {
      const net = `${NETWORK}.${process.pid % 256}`;
      ip('link', 'add', BRIDGE, 'type', 'bridge');
      ip('addr', 'add', `${net}.1/24`, 'dev', BRIDGE);
      ip('link', 'set', BRIDGE, 'up');
      ip('netns', 'add', NAMESPACE);
      ip('link', 'add', OUTER, 'type', 'veth', 'peer', 'name', INNER);
      ip('link', 'set', INNER, 'netns', NAMESPACE);
      ip('link', 'set', OUTER, 'master', BRIDGE);
      ip('link', 'set', OUTER, 'up');
      ip('-n', NAMESPACE, 'addr', 'add', `${net}.2/24`, 'dev', INNER);
      for (const link of [INNER, 'lo']) ip('-n', NAMESPACE, 'link', 'set', link, 'up');
      return new NetLab(`${net}.1`, guard);
    } catch (error) {
      removeAll(guard);
      throw error;
    }
  }

  /** Put in front of a command it runs on the other side. */
  readonly inside = ['ip', 'netns', 'exec', NAMESPACE];

  /** Makes a port of 127.0.0.1 reachable from the other side, under the same number. */
  async offer(port: number): Promise<void> {
    const server = createServer((socket) => this.forward(socket, connect(port, '127.0.0.1')));
    this.servers.push(server);
    server.listen(port, this.host);
    await once(server, 'listening');
  }

  /** From now on what is sent vanishes. */
  cut(): void {
    ip('link', 'set', OUTER, 'nomaster');
  }

  heal(): void {
    ip('link', 'set', OUTER, 'master', BRIDGE);
  }

  remove(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
    removeAll(this.guard);
  }

  private forward(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true).pipe(to);
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 10_000 });
}

/** Makes all of it go with this process, however that ends. */
function removeWithUs(): ChildProcess {
  const commands = REMOVALS.map((args) => `ip ${args.join(' ')}`).join('; ');
  return spawn('sh', ['-c', `trap "" INT TERM HUP; read _; sleep 1; ${commands}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

function removeAll(guard: ChildProcess): void {
  guard.kill('SIGKILL');
  for (const args of REMOVALS) {
    try {
      ip(...args);
    } catch {
      // Not built yet, or gone with what it was part of.
    }
  }
}
