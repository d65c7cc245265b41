import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ServiceBroker } from 'moleculer';
import { IN_MEMORY } from '../lib/store/embedded-store';
import { startCluster } from './cluster';
import { closedLoop, median, type Measured } from './load';

interface Step {
  readonly name: string;
  readonly call: (client: ServiceBroker, user: number) => Promise<unknown>;
}

/** A step and the echo right before it. */
interface Pair {
  readonly echo: Measured;
  readonly step: Measured;
}

const NODE = 'bench-client';
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const IN_FLIGHT = [1, 64, 256];
const BUSIEST = 256;
/** Users, and so calls of each step: enough for a second or more, or for a stable p99 with one in flight. */
const USERS: Record<number, number> = { 1: 1000, 64: 10_000, 256: 10_000 };

const presence = (action: string, args: (user: number) => unknown[]) => (client: ServiceBroker, user: number) =>
  client.call(`presence.${action}`, args(user));

const ECHO: Step = { name: 'echo', call: (client, user) => client.call('echo.echo', [`u${user}`, `u${user}-1`, NODE]) };

/** In this order each round leaves everything as it found it: all users known, none connected. */
const STEPS: readonly Step[] = [
  { name: 'newConnection', call: presence('newConnection', (u) => [`u${u}`, `u${u}-1`, NODE]) },
  { name: 'newConnection, 2nd device', call: presence('newConnection', (u) => [`u${u}`, `u${u}-2`, NODE]) },
  { name: 'updateConnection', call: presence('updateConnection', (u) => [`u${u}`, `u${u}-1`]) },
  { name: 'setConnectionStatus', call: presence('setConnectionStatus', (u) => [`u${u}`, 'away', `u${u}-1`]) },
  { name: 'removeConnection, 2nd device', call: presence('removeConnection', (u) => [`u${u}`, `u${u}-2`, NODE]) },
  { name: 'removeConnection', call: presence('removeConnection', (u) => [`u${u}`, `u${u}-1`, NODE]) },
];

/** Every presence action over NATS next to a bare echo, side by side in each round; medians over rounds. */
async function main(): Promise<void> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'presence-bench-'));
  try {
    await benchStore('embedded store in memory', IN_MEMORY, IN_FLIGHT);
    await benchStore('embedded store in memory, the caller hears every event', IN_MEMORY, [BUSIEST], hears);
    await benchStore('embedded store with a file', folder, IN_FLIGHT);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/** The caller listens too, as a ddp-streamer does: each change is sent to it, and it reads it. */
function hears(client: ServiceBroker): void {
  client.createService({ name: 'ear', events: { 'presence.status': { context: true, handler() {} } } });
}

async function benchStore(
  title: string,
  dataDir: string,
  loads: readonly number[],
  prepare?: (client: ServiceBroker) => void,
): Promise<void> {
  const cluster = await startCluster(dataDir);
  prepare?.(cluster.client);
  try {
    for (const inFlight of loads) {
      const rounds: Pair[][] = [];
      await round(cluster.client, inFlight); // warm-up: users become known, code becomes hot
      for (let i = 0; i < ROUNDS; i++) rounds.push(await round(cluster.client, inFlight));
      print(title, inFlight, rounds);
    }
  } finally {
    await cluster.stop();
  }
}

/** One pass over all steps, each right after an echo of its own: what the machine does meanwhile hits both. */
async function round(client: ServiceBroker, inFlight: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const step of STEPS) {
    const measure = ({ call }: Step) => closedLoop(USERS[inFlight]!, inFlight, (user) => call(client, user));
    pairs.push({ echo: await measure(ECHO), step: await measure(step) });
  }
  return pairs;
}

function print(title: string, inFlight: number, rounds: readonly Pair[][]): void {
  console.log(`\n${title}, ${inFlight} in flight, median of ${rounds.length} rounds`);
  console.log(
    `${'call'.padEnd(30)} ${'per s'.padStart(8)} ${'p50 ms'.padStart(8)} ${'p99 ms'.padStart(8)}  of echo  failed`,
  );
  const echoes = rounds.flatMap((pairs) => pairs.map(({ echo }) => ({ echo, step: echo })));
  printRow(ECHO.name, echoes);
  STEPS.forEach(({ name }, i) =>
    printRow(
      name,
      rounds.map((pairs) => pairs[i]!),
    ),
  );
}

function printRow(name: string, pairs: readonly Pair[]): void {
  const of = (pick: (pair: Pair) => number) => median(pairs.map(pick));
  console.log(
    [
      name.padEnd(30),
      of(({ step }) => step.perSecond)
        .toFixed(0)
        .padStart(8),
      of(({ step }) => step.p50)
        .toFixed(2)
        .padStart(8),
      of(({ step }) => step.p99)
        .toFixed(2)
        .padStart(8),
      `${(100 * of(({ step, echo }) => step.perSecond / echo.perSecond)).toFixed(0)} %`.padStart(8),
      String(pairs.reduce((sum, { step }) => sum + step.failed, 0)).padStart(7),
    ].join(' '),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
