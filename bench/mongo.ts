import { randomBytes } from 'node:crypto';
import { startMongo, withDb, type MongoServer } from '../test/helpers/mongo-server';
import { ECHO_NODE, hearsEvents, presenceNode, startCluster, type NodeSpec } from './cluster';
import { seed } from './mongo-data';
import { printCpu, printLatencyTargets, printLoad, printTargets } from './mongo-print';
import { mongoRound, type Load, type Sides, type Stage } from './mongo-rounds';
import { benchSizes } from './mongo-sizes';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const USERS = 6000;
const WARM_UP: Load = { inFlight: 256, presence: USERS, baseline: 500 };
const LATENCY: Load = { inFlight: 1, presence: 400, baseline: 200 };
const USUAL: Load = { inFlight: 64, presence: 4000, baseline: 1000 };
const BUSIEST: Load = { inFlight: 256, presence: USERS, baseline: 1200 };

/** The presence node on Rocket.Chat's database, next to what upstream does per call and to the bare writes. */
export async function benchMongo(): Promise<void> {
  const mongo = await startMongo();
  const prefix = `presence_bench_${randomBytes(3).toString('hex')}`;
  const databases: string[] = [];
  const databaseOf = (name: string) => {
    const database = `${prefix}_${name}`;
    databases.push(database);
    return database;
  };
  try {
    await benchCalls(mongo, databaseOf);
    await benchSizes(mongo, databaseOf, ROUNDS);
  } finally {
    const left = mongo.kind === 'external' ? databases : []; // a server of ours takes them along
    for (const database of left) await withDb(mongo.url(database), (db) => db.dropDatabase());
    await mongo.stop();
  }
}

/** Each service on a database of its own, all alike: none meets the other's documents. */
async function benchCalls(mongo: MongoServer, databaseOf: (name: string) => string): Promise<void> {
  const seeded = async (name: string): Promise<string> => {
    const url = mongo.url(databaseOf(name));
    await withDb(url, (db) => seed(db, USERS));
    return url;
  };
  const url = await seeded('presence');
  const specs: NodeSpec[] = [
    presenceNode({ MONGO_URL: url }),
    ECHO_NODE,
    { service: 'baseline', file: 'upstream-baseline-node.ts', env: { MONGO_URL: await seeded('baseline') } },
    { service: 'bulk', file: 'bulk-node.ts', env: { MONGO_URL: await seeded('bulk') } },
    { service: 'ownBulk', file: 'bulk-node.ts', env: { MONGO_URL: await seeded('own_bulk'), STATEMENTS: 'own' } },
  ];
  const cluster = await startCluster(specs);
  try {
    hearsEvents(cluster);
    const pids = new Map(cluster.pids);
    if (mongo.pid !== undefined) pids.set('mongod', mongo.pid);
    await withDb(url, (db) => benchLoads({ cluster, pids, db }));
  } finally {
    await cluster.stop();
  }
}

async function benchLoads(stage: Stage): Promise<void> {
  await mongoRound(stage, WARM_UP); // code becomes hot, every sessions document gets its revision
  for (const load of [LATENCY, USUAL, BUSIEST]) {
    const rounds: Sides[][] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await mongoRound(stage, load));
    printLoad(load, rounds);
    if (load === USUAL) printLatencyTargets(load, rounds);
    if (load !== BUSIEST) continue;
    printCpu(load, rounds);
    printTargets(load, rounds);
  }
}
