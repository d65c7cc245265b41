import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient, type Db } from 'mongodb';
import { endProcess, endWithUs } from './child-process';
import { freePort } from './free-port';
import { argsOf, findMongoProgram, type MongoProgram } from './mongo-program';
import { withDatabase } from './mongo-url';

/** A real MongoDB server for a suite. It starts in well under a second, so every suite takes one of its own. */
export interface MongoServer {
  /** The URL of a database on it. */
  url(database: string): string;
  /** `external`: the one of MONGO_URL, not ours to kill; `process`: a mongod or its like; `wheel`: the slow stand-in. */
  readonly kind: 'external' | 'process' | 'wheel';
  /** Wants tests cut down: see `sizes`. */
  readonly slow: boolean;
  /** Absent while stopped, and always when the server is not ours. */
  readonly pid: number | undefined;
  /** Where it stores; absent when the server is not ours. */
  readonly folder: string | undefined;
  /** The end without notice, as a crash. Its data stays. */
  kill(): Promise<void>;
  /** A new process on the same port with the same data; one that still runs is stopped first. */
  restart(): Promise<void>;
  /** Ends it and deletes its data; may be called again. */
  stop(): Promise<void>;
}

export interface MongoOptions {
  /** For what is to survive `kill`: without it the stand-ins may lose writes they acknowledged. Writes are slower. */
  readonly durable?: boolean;
}

/** Suites that kill or restart the database can only run when this is true. */
export const ownsMongo = !process.env.MONGO_URL;

const READY_WITHIN_MS = 20_000;
const POLL_MS = 20;
const ATTEMPTS = 5;
const NONE =
  'The tests need a MongoDB server: run them with "npm test", which installs a small one, ' +
  'or set MONGOD (a mongod program) or MONGO_URL (a running server).';

/**
 * Starts a server of its own, or hands out the one that MONGO_URL names.
 *
 * @param pickPort for the test of the retry
 */
export async function startMongo(
  { durable = false }: MongoOptions = {},
  pickPort: () => Promise<number> = freePort,
): Promise<MongoServer> {
  const shared = process.env.MONGO_URL;
  if (shared) return notOurs(shared);
  const program = findMongoProgram();
  if (!program) throw new Error(NONE);
  const folder = mkdtempSync(join(tmpdir(), 'presence-mongo-'));
  const guard = deleteWithUs(folder);
  try {
    const options = { port: 0, folder, durable };
    const first = await firstToWork(async () =>
      launch(program, { ...options, port: (options.port = await pickPort()) }),
    );
    return ours(program, options, first, guard);
  } catch (error) {
    tidy(folder, guard);
    throw error;
  }
}

type Launch = Parameters<typeof argsOf>[1];

function ours(program: MongoProgram, options: Launch, first: ChildProcess, guard: ChildProcess): MongoServer {
  let child: ChildProcess | undefined = first;
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (ending) await endProcess(ending, signal);
  };
  return {
    url: (database) => withDatabase(`mongodb://127.0.0.1:${options.port}`, database),
    kind: program.flavor === 'wheel' ? 'wheel' : 'process',
    slow: program.flavor === 'wheel',
    folder: options.folder,
    get pid() {
      return child?.pid;
    },
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      child = await firstToWork(() => launch(program, options));
    },
    stop: async () => {
      await end('SIGKILL'); // its data goes anyway, and an orderly end takes the stand-ins up to two seconds
      tidy(options.folder, guard);
    },
  };
}

function notOurs(url: string): MongoServer {
  const refuse = async () => {
    throw new Error('The server of MONGO_URL is not ours to kill or restart: skip such a test unless ownsMongo');
  };
  return {
    url: (database) => withDatabase(url, database),
    kind: 'external',
    slow: false,
    pid: undefined,
    folder: undefined,
    kill: refuse,
    restart: refuse,
    stop: async () => {},
  };
}

/**
 * Makes the data go with this process, however that ends: an empty store alone may take 130 MB. The guard's input
 * closes with us; it lets the server be ended first (endWithUs), and a Ctrl-C for us is none for it.
 */
function deleteWithUs(folder: string): ChildProcess {
  const script = 'trap "" INT TERM HUP; read _; sleep 1; rm -rf -- "$0"';
  return spawn('sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'] });
}

function tidy(folder: string, guard: ChildProcess): void {
  guard.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
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

async function launch(program: MongoProgram, options: Launch): Promise<ChildProcess> {
  const child = spawn(program.file, argsOf(program, options), { stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid !== undefined) endWithUs(child);
  try {
    await becomesReady(child, program, options.port);
    return child;
  } catch (error) {
    await endProcess(child, 'SIGKILL');
    throw error;
  }
}

async function becomesReady(child: ChildProcess, { file }: MongoProgram, port: number): Promise<void> {
  let log = '';
  let fault: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (log = (log + String(chunk)).slice(-2_000)));
  }
  child.once('error', (error) => (fault = `it could not be started: ${error.message}`));
  child.once('exit', (code, signal) => (fault = `it ended at once (${code ?? signal}):\n${log}`));
  const givesUpAtMs = Date.now() + READY_WITHIN_MS;
  while (fault === undefined && Date.now() < givesUpAtMs) {
    // The process id tells it from another server that has the port: then ours is about to end.
    if ((await pidBehind(port)) === child.pid) return;
    await sleep(POLL_MS);
  }
  throw new Error(`${file} on port ${port}: ${fault ?? `not ready within ${READY_WITHIN_MS} ms:\n${log}`}`);
}

/** The id of the MongoDB server that answers a ping on a port of 127.0.0.1; undefined while none does. */
export async function pidBehind(port: number): Promise<number | undefined> {
  if (!(await isListening(port))) return undefined; // the driver would wait half a second before it tries again
  try {
    return await withDb(`mongodb://127.0.0.1:${port}/admin`, async (admin) => {
      await admin.command({ ping: 1 });
      const { pid } = (await admin.command({ serverStatus: 1 })) as { pid: number };
      return Number(pid);
    });
  } catch {
    return undefined;
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Runs work on a database with a connection of its own, which is closed afterwards. */
export async function withDb<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const client = await MongoClient.connect(url, {
    serverSelectionTimeoutMS: 2_000,
  });
  try {
    return await work(client.db());
  } finally {
    await client.close(true);
  }
}

/** A database that no other suite uses: `drop` it when done, before the server is stopped. */
export function freshDatabase(server: MongoServer): { url: string; name: string; drop(): Promise<void> } {
  const name = `presence_test_${randomBytes(6).toString('hex')}`;
  const url = server.url(name);
  return { url, name, drop: () => withDb(url, async (db) => void (await db.dropDatabase())) };
}

const SLOW_SHARE = 30;
let isTold = Boolean(process.env.SLOW_MONGO_TOLD);

/** How many of something a test should do: as many as asked, or a thirtieth on the slow stand-in, which is said once. */
export function sizes(server: Pick<MongoServer, 'slow'>, full: number): number {
  if (!server.slow) return full;
  if (!isTold)
    process.stderr.write('MongoDB is the slow stand-in: sizes are cut to a thirtieth (see MONGOD in README).\n');
  isTold = true;
  return Math.ceil(full / SLOW_SHARE);
}
