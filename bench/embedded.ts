import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ServiceBroker } from 'moleculer';
import { IN_MEMORY } from '../lib/store/embedded-store';
import { CALLER, ECHO_NODE, hearsEvents, presenceNode, startCluster, type Cluster } from './cluster';
import { closedLoop, median, type Measured } from './load';
import { millis, percent, printTable, whole } from './table';

interface Step {
  readonly name: string;
  readonly call: (caller: ServiceBroker, user: number) => Promise<unknown>;
}

/** A step and the echo right before it. */
interface Pair {
  readonly echo: Measured;
  readonly step: Measured;
}

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const IN_FLIGHT = [1, 64, 256];
const BUSIEST = 256;
/** Users, and so calls of each step: enough for a second or more, or for a stable p99 with one in flight. */
const USERS: Record<number, number> = { 1: 1000, 64: 10_000, 256: 10_000 };

const presence = (action: string, args: (user: number) => unknown[]) => (caller: ServiceBroker, user: number) =>
  caller.call(`presence.${action}`, args(user));

export const ECHO: Step = {
  name: 'echo',
  call: (caller, user) => caller.call('echo.echo', [`u${user}`, `u${user}-1`, CALLER]),
};

/** In this order each round leaves everything as it found it: all users known, none connected. */
const STEPS: readonly Step[] = [
  { name: 'newConnection', call: presence('newConnection', (u) => [`u${u}`, `u${u}-1`, CALLER]) },
  { name: 'newConnection, 2nd device', call: presence('newConnection', (u) => [`u${u}`, `u${u}-2`, CALLER]) },
  { name: 'updateConnection', call: presence('updateConnection', (u) => [`u${u}`, `u${u}-1`]) },
  { name: 'setConnectionStatus', call: presence('setConnectionStatus', (u) => [`u${u}`, 'away', `u${u}-1`]) },
  { name: 'removeConnection, 2nd device', call: presence('removeConnection', (u) => [`u${u}`, `u${u}-2`, CALLER]) },
  { name: 'removeConnection', call: presence('removeConnection', (u) => [`u${u}`, `u${u}-1`, CALLER]) },
];

/** Every presence action on the embedded store next to a bare echo, side by side in each round; medians over rounds. */
export async function benchEmbedded(): Promise<void> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'presence-bench-'));
  try {
    await benchStore('embedded store in memory', IN_MEMORY, IN_FLIGHT);
    await benchStore('embedded store in memory, the caller hears every event', IN_MEMORY, [BUSIEST], hearsEvents);
    await benchStore('embedded store with a file', folder, IN_FLIGHT);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

async function benchStore(
  title: string,
  dataDir: string,
  loads: readonly number[],
  prepare?: (cluster: Cluster) => void,
): Promise<void> {
  const cluster = await startCluster([presenceNode({ DATA_DIR: dataDir }), ECHO_NODE]);
  try {
    prepare?.(cluster);
    for (const inFlight of loads) {
      const rounds: Pair[][] = [];
      await round(cluster.caller, inFlight); // warm-up: users become known, code becomes hot
      for (let i = 0; i < ROUNDS; i++) rounds.push(await round(cluster.caller, inFlight));
      print(title, inFlight, rounds);
    }
  } finally {
    await cluster.stop();
  }
}

/** One pass over all steps, each right after an echo of its own: what the machine does meanwhile hits both. */
async function round(caller: ServiceBroker, inFlight: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const step of STEPS) {
    const measure = ({ call }: Step) => closedLoop(USERS[inFlight]!, inFlight, (user) => call(caller, user));
    pairs.push({ echo: await measure(ECHO), step: await measure(step) });
  }
  return pairs;
}

function print(title: string, inFlight: number, rounds: readonly Pair[][]): void {
  const echoes = rounds.flatMap((pairs) => pairs.map(({ echo }) => ({ echo, step: echo })));
  const rows = STEPS.map(({ name }, at) =>
    rowOf(
      name,
      rounds.map((pairs) => pairs[at]!),
    ),
  );
  printTable(
    `${title}, ${inFlight} in flight, median of ${rounds.length} rounds`,
    ['call', 'per s', 'p50 ms', 'p99 ms', 'of echo', 'failed'],
    [rowOf(ECHO.name, echoes), ...rows],
  );
}

function rowOf(name: string, pairs: readonly Pair[]): string[] {
  const of = (pick: (pair: Pair) => number) => median(pairs.map(pick));
  return [
    name,
    whole(of(({ step }) => step.perSecond)),
    millis(of(({ step }) => step.p50)),
    millis(of(({ step }) => step.p99)),
    percent(of(({ step, echo }) => step.perSecond / echo.perSecond)),
    String(pairs.reduce((sum, { step }) => sum + step.failed, 0)),
  ];
}
