import type { MongoServer } from '../test/helpers/mongo-server';
import { withDb } from '../test/helpers/mongo-server';
import { presenceNode, startCluster, type Cluster } from './cluster';
import { withCpu } from './cpu';
import { closedLoop, median } from './load';
import { seed } from './mongo-data';
import { CONNECT, CONNECT_SECOND, DISCONNECT, DISCONNECT_SECOND } from './mongo-steps';
import { printTable, whole } from './table';

interface Size {
  readonly users: number;
  readonly cluster: Cluster;
}

interface Cost {
  readonly usPerCall: number;
  readonly nodeUs: number | undefined;
  readonly mongodUs: number | undefined;
}

const SMALL = 1000;
const LARGE = 100_000;
const IN_FLIGHT = 256;
/** Users called, spread over the whole collection; the same number at either size. */
const CALLED = 1000;
const CYCLES = 3;
const MOST = 1.2;
const STEPS = [CONNECT, CONNECT_SECOND, DISCONNECT_SECOND, DISCONNECT];

/**
 * The cost of a call with few and with many users in the database: two presence nodes, one database each, on
 * one server, measured in turns. Of the many, all who are not called are online with a session.
 */
export async function benchSizes(
  mongo: MongoServer,
  databaseOf: (name: string) => string,
  rounds: number,
): Promise<void> {
  const sizes: Size[] = [];
  try {
    for (const users of [SMALL, LARGE]) {
      const url = mongo.url(databaseOf(`size_${users}`));
      await withDb(url, (db) => seed(db, users, (user) => user % (users / CALLED) !== 0));
      sizes.push({ users, cluster: await startCluster([presenceNode({ MONGO_URL: url })]) });
    }
    const [small, large] = sizes as [Size, Size];
    const costs: { small: Cost; large: Cost }[] = [];
    await costOf(small, mongo.pid);
    await costOf(large, mongo.pid);
    for (let i = 0; i < rounds; i++) costs.push(await pair(small, large, mongo.pid, i % 2 === 0));
    print(costs);
  } finally {
    await Promise.all(sizes.map(({ cluster }) => cluster.stop()));
  }
}

/** In turns first and second, so that neither is always the one after. */
async function pair(small: Size, large: Size, mongod: number | undefined, smallFirst: boolean) {
  if (smallFirst) return { small: await costOf(small, mongod), large: await costOf(large, mongod) };
  const second = await costOf(large, mongod);
  return { small: await costOf(small, mongod), large: second };
}

async function costOf({ users, cluster }: Size, mongod: number | undefined): Promise<Cost> {
  const pids = new Map(cluster.pids);
  if (mongod !== undefined) pids.set('mongod', mongod);
  const uid = (call: number) => (call % CALLED) * (users / CALLED);
  const calls = CALLED * STEPS.length * CYCLES;
  const startedAt = performance.now();
  const { cpuMs } = await withCpu(pids, async () => {
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      for (const { action, args } of STEPS) {
        const call = (i: number) => cluster.caller.call(`presence.${action}`, args(uid(i)));
        const { failed } = await closedLoop(CALLED, IN_FLIGHT, call);
        if (failed > 0) throw new Error(`${failed} calls failed at ${users} users`);
      }
    }
  });
  const us = (name: string) => (cpuMs.has(name) ? (cpuMs.get(name)! / calls) * 1000 : undefined);
  return {
    usPerCall: ((performance.now() - startedAt) / calls) * 1000,
    nodeUs: us('presence'),
    mongodUs: us('mongod'),
  };
}

function print(costs: readonly { small: Cost; large: Cost }[]): void {
  const shown = (figures: (number | undefined)[]) =>
    figures.some((figure) => figure === undefined) ? '' : whole(median(figures as number[]));
  const row = (users: number, side: (cost: { small: Cost; large: Cost }) => Cost) => {
    const usPerCall = median(costs.map((cost) => side(cost).usPerCall));
    const [node, mongod] = [costs.map((cost) => side(cost).nodeUs), costs.map((cost) => side(cost).mongodUs)];
    return [String(users), whole(1e6 / usPerCall), whole(usPerCall), shown(node), shown(mongod)];
  };
  const ratio = median(costs.map(({ small, large }) => large.usPerCall / small.usPerCall));
  printTable(
    `connects and disconnects by users in the database, ${IN_FLIGHT} in flight, median of ${costs.length} rounds`,
    ['users', 'per s', 'µs per call', 'node µs', 'mongod µs'],
    [row(SMALL, ({ small }) => small), row(LARGE, ({ large }) => large)],
  );
  console.log(`cost per call x ${ratio.toFixed(2)}, at most ${MOST}: ${ratio <= MOST ? 'met' : 'NOT MET'}`);
}
