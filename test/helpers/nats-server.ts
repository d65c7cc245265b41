import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, endWithUs } from './child-process';
import { freePort } from './free-port';

/** A real NATS server for a suite. */
export interface NatsServer {
  readonly url: string;
  /** Absent while stopped, and always when the server is not ours (NATS_URL). */
  readonly pid: number | undefined;
  /** The orderly end; may be called again. */
  stop(): Promise<void>;
  /** The end without notice, as a crash. */
  kill(): Promise<void>;
  /** A new process on the same port; one that still runs is stopped first. @param args in place of those before */
  restart(args?: readonly string[]): Promise<void>;
}

/** Suites that stop, kill or restart the bus can only run when this is true. */
export const ownsNats = !process.env.NATS_URL;

const READY_WITHIN_MS = 10_000;
const POLL_MS = 20;
const ATTEMPTS = 5;

/**
 * Starts a server of its own, or hands out the one that NATS_URL names.
 *
 * @param pickPort for the test of the retry
 * @param args of nats-server besides, e.g. `--user` and `--pass`
 */
export async function startNats(
  pickPort: () => Promise<number> = freePort,
  args: readonly string[] = [],
): Promise<NatsServer> {
  const shared = process.env.NATS_URL;
  if (shared) return notOurs(shared);
  let port = 0;
  const child = await firstToWork(async () => launch((port = await pickPort()), args));
  return ours(port, child, args);
}

function ours(port: number, first: ChildProcess, firstArgs: readonly string[]): NatsServer {
  let args = firstArgs;
  let child: ChildProcess | undefined = first;
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (ending) await endProcess(ending, signal);
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return child?.pid;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    restart: async (newArgs = args) => {
      args = newArgs;
      await end('SIGTERM');
      child = await firstToWork(() => launch(port, args));
    },
  };
}

function notOurs(url: string): NatsServer {
  const refuse = async () => {
    throw new Error('The NATS server of NATS_URL is not ours to kill or restart: skip such a test unless ownsNats');
  };
  return { url, pid: undefined, stop: async () => {}, kill: refuse, restart: refuse };
}

/** A port may be taken between the choice and the start, or be held a moment longer by a server that just ended. */
async function firstToWork<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === ATTEMPTS) throw error;
      await sleep(POLL_MS * tries);
    }
  }
}

async function launch(port: number, more: readonly string[]): Promise<ChildProcess> {
  const name = `test-${randomUUID()}`;
  // Debian installs it into /usr/sbin, where the PATH of ordinary users does not look.
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` };
  const args = ['--addr', '127.0.0.1', '--port', String(port), '--server_name', name, ...more];
  const child = spawn('nats-server', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  if (child.pid !== undefined) endWithUs(child);
  try {
    await becomesReady(child, port, name);
    return child;
  } catch (error) {
    await endProcess(child, 'SIGKILL');
    throw error;
  }
}

async function becomesReady(child: ChildProcess, port: number, name: string): Promise<void> {
  let log = '';
  let fault: string | undefined;
  child.stderr?.on('data', (chunk: Buffer) => (log = (log + String(chunk)).slice(-2_000)));
  child.once('error', (error) => (fault = `it could not be started (npm test installs it): ${error.message}`));
  child.once('exit', (code, signal) => (fault = `it ended at once (${code ?? signal}):\n${log}`));
  const givesUpAtMs = Date.now() + READY_WITHIN_MS;
  while (fault === undefined && Date.now() < givesUpAtMs) {
    // The name tells it from another server that has the port: then ours is about to end.
    if ((await readInfo(port))?.server_name === name) return;
    await sleep(POLL_MS);
  }
  throw new Error(`nats-server on port ${port}: ${fault ?? `not ready within ${READY_WITHIN_MS} ms:\n${log}`}`);
}

/** What a NATS server says first to whoever connects; undefined while none listens there. */
export function readInfo(port: number): Promise<{ server_name: string } | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes('\r\n')) socket.destroy();
    });
    socket.on('close', () => {
      const info = /^INFO (.*)\r\n/.exec(text)?.[1];
      resolve(info === undefined ? undefined : (JSON.parse(info) as { server_name: string }));
    });
  });
}
