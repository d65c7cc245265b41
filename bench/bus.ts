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

const NODE = 'bench-client';
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const IN_FLIGHT = [1, 64, 256];
/** Users, and so calls of each step: enough for a second or more, or for a stable p99 with one in flight. */
const USERS: Record<number, number> = { 1: 1000, 64: 10_000, 256: 10_000 };

const presence = (action: string, args: (user: number) => unknown[]) => (client: ServiceBroker, user: number) =>
  client.call(`presence.${action}`, args(user));

/** In this order each round leaves everything as it found it: all users known, none connected. */
const STEPS: readonly Step[] = [
  { name: 'echo', call: (client, user) => client.call('echo.echo', [`u${user}`, `u${user}-1`, NODE]) },
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
    await benchStore('in memory', IN_MEMORY);
    await benchStore('with a file', folder);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

async function benchStore(title: string, dataDir: string): Promise<void> {
  const cluster = await startCluster(dataDir);
  if (process.env.BENCH_LISTENER) cluster.client.createService({ name: 'ear', events: { 'presence.status'() {} } });
  try {
    for (const inFlight of IN_FLIGHT) {
      const rounds: Map<string, Measured>[] = [];
      await round(cluster.client, inFlight); // warm-up: users become known, code becomes hot
      for (let i = 0; i < ROUNDS; i++) rounds.push(await round(cluster.client, inFlight));
      print(title, inFlight, rounds);
    }
  } finally {
    await cluster.stop();
  }
}

async function round(client: ServiceBroker, inFlight: number): Promise<Map<string, Measured>> {
  const measured = new Map<string, Measured>();
  for (const { name, call } of STEPS) {
    measured.set(name, await closedLoop(USERS[inFlight]!, inFlight, (user) => call(client, user)));
  }
  return measured;
}

function print(title: string, inFlight: number, rounds: readonly Map<string, Measured>[]): void {
  console.log(`\nembedded store ${title}, ${inFlight} in flight, median of ${rounds.length} rounds`);
  console.log(
    `${'call'.padEnd(30)} ${'per s'.padStart(8)} ${'p50 ms'.padStart(8)} ${'p99 ms'.padStart(8)}  of echo  failed`,
  );
  for (const { name } of STEPS) {
    const of = (pick: (m: Measured) => number) => median(rounds.map((round) => pick(round.get(name)!)));
    const ratio = median(rounds.map((round) => round.get(name)!.perSecond / round.get('echo')!.perSecond));
    const failed = rounds.reduce((sum, round) => sum + round.get(name)!.failed, 0);
    console.log(
      [
        name.padEnd(30),
        of((m) => m.perSecond)
          .toFixed(0)
          .padStart(8),
        of((m) => m.p50)
          .toFixed(2)
          .padStart(8),
        of((m) => m.p99)
          .toFixed(2)
          .padStart(8),
        `${(100 * ratio).toFixed(0)} %`.padStart(8),
        String(failed).padStart(7),
      ].join(' '),
    );
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
