import { spawn, type ChildProcess } from 'node:child_process';
import Redis from 'ioredis';
import { endProcess, endWithUs } from './child-process';
import { withoutFaketime } from './clock-env';
import { eventually } from './eventually';
import { freePort } from './free-port';

/** A real Redis server for a suite. It keeps nothing over its end. */
export interface RedisServer {
  readonly url: string;
  /** The end without notice, as a crash. */
  kill(): Promise<void>;
  /** It answers nobody until `thaw`, and keeps what it has. */
  freeze(): void;
  thaw(): void;
  /** A new process on the same port. */
  restart(): Promise<void>;
  /** The orderly end; may be called again. */
  stop(): Promise<void>;
}

/** Suites that kill or restart Redis can only run when this is true. */
export const ownsRedis = !process.env.REDIS_URL;

const READY = { timeoutMs: 10_000 };

/** Starts a server of its own, or hands out the one that REDIS_URL names. */
export async function startRedis(): Promise<RedisServer> {
  const shared = process.env.REDIS_URL;
  if (shared) return notOurs(shared);
  const port = await freePort();
  let child: ChildProcess | undefined = await launch(port);
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (ending) await endProcess(ending, signal);
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    stop: () => end('SIGTERM'),
    restart: async () => {
      await end('SIGTERM');
      child = await launch(port);
    },
  };
}

function notOurs(url: string): RedisServer {
  const refuse = (): never => {
    throw new Error('The Redis server of REDIS_URL is not ours to kill or restart: skip such a test unless ownsRedis');
  };
  return { url, stop: async () => {}, kill: refuse, restart: refuse, freeze: refuse, thaw: refuse };
}

async function launch(port: number): Promise<ChildProcess> {
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', args, { stdio: 'ignore', env: withoutFaketime() });
  let fault: Error | undefined;
  child.once('error', (error) => (fault = error));
  child.once('exit', (code, signal) => (fault ??= new Error(`redis-server ended at once: ${code ?? signal}`)));
  if (child.pid !== undefined) endWithUs(child);
  const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await eventually(async () => {
      if (fault) return;
      if (client.status !== 'ready') await client.connect();
      // Another server that has the port is not ours, and does not go by our process.
      expect(await client.info('server')).toContain(`process_id:${child.pid}`);
    }, READY);
    if (fault) throw fault;
    return child;
  } finally {
    await client.quit().catch(() => client.disconnect());
  }
}
