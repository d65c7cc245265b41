import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { ServiceBroker } from 'moleculer';
import { readConfig } from '../lib/config/env';
import { brokerOptions } from '../moleculer.config';
import { endProcess, endWithUs } from '../test/helpers/child-process';
import { freePort } from '../test/helpers/free-port';
import { startNats } from '../test/helpers/nats-server';

/** The node that calls, as Rocket.Chat's are; its id is the instance of every session it opens. */
export const CALLER = 'bench-caller';

export interface NodeSpec {
  /** Of the node's service, or what it is called where it has none. */
  readonly service: string;
  /** No broker: nobody waits for a service. */
  readonly bare?: boolean;
  /** A file of this folder; absent: the presence node as `npm start` runs it. */
  readonly file?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface Cluster {
  readonly caller: ServiceBroker;
  readonly natsUrl: string;
  /** Of the nodes by service, of the caller and, where it is ours, of NATS. */
  readonly pids: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const ROOT = path.join(__dirname, '..');
/** What a shell may have set for a node of its own and would turn a measured one into another. */
const UNSET = { MONGO_URL: '', PRESENCE_ROLE: '', MS_NAMESPACE: '', SESSION_LEASE: '' };
/** What is measured next to upstream does what upstream does: the history has a section of its own. */
const NO_HISTORY = { HISTORY_RETENTION_DAYS: '0' };

export const presenceNode = (env: NodeJS.ProcessEnv): NodeSpec => ({ service: 'presence', env });
export const ECHO_NODE: NodeSpec = { service: 'echo', file: 'echo-node.ts' };
export const BARE_NATS_NODE: NodeSpec = { service: 'bare-nats', file: 'bare-nats-node.ts', bare: true };

const TSX = ['--import', 'tsx'];
/** Those that `npm start` gives a node; scripts/bench.mjs gave them to this process. */
const FLAGS = process.execArgv.filter((flag) => !TSX.includes(flag));

/** A NATS server and the nodes, each a process of its own, and a caller in this one. */
export async function startCluster(specs: readonly NodeSpec[]): Promise<Cluster> {
  const nats = await startNats();
  const nodes = new Map<string, ChildProcess>();
  for (const { service, file, env } of specs) {
    const started = await startNode(file, {
      ...process.env,
      ...UNSET,
      ...NO_HISTORY,
      ...env,
      TRANSPORTER: nats.url,
      LOG_LEVEL: 'info',
      PORT: env?.PORT ?? String(await freePort()),
      INSTANCE_ID: `bench-${service}`,
    });
    nodes.set(service, started);
  }
  const caller = new ServiceBroker({
    ...brokerOptions(readConfig({ TRANSPORTER: nats.url, INSTANCE_ID: CALLER, LOG_LEVEL: 'error' })),
    logger: false,
  });
  await caller.start();
  const services = specs.filter(({ bare }) => !bare).map(({ service }) => service);
  await caller.waitForServices(services, 10_000);
  const pids = new Map([...nodes].map(([service, { pid }]) => [service, pid!]));
  if (nats.pid !== undefined) pids.set('nats', nats.pid);
  return {
    caller,
    natsUrl: nats.url,
    pids: pids.set('caller', process.pid),
    async stop() {
      await caller.stop();
      await Promise.all([...nodes.values()].map((node) => endProcess(node, 'SIGTERM')));
      await nats.stop();
    },
  };
}

/** The caller listens too, as a ddp-streamer does: each change is sent to it, and it reads it. */
export function hearsEvents({ caller }: Cluster): void {
  caller.createService({ name: 'ear', events: { 'presence.status': { context: true, handler() {} } } });
}

/** Starts a node process and waits for the line by which it says that it runs. */
function startNode(file: string | undefined, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const args = file ? [...TSX, path.join(__dirname, file)] : [path.join(ROOT, 'dist/main.js')];
  const child = spawn(process.execPath, [...FLAGS, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.pid !== undefined) endWithUs(child);
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('is running')) resolve(child);
    });
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)));
  });
}
