import { connect } from 'nats';
import { IN_MEMORY } from '../lib/store/embedded-store';
import { MAX_BATCH_ITEMS } from '../lib/wire/contract';
import { freshDatabase, startMongo } from '../test/helpers/mongo-server';
import { ASK, SET } from './bare-nats-node';
import { BARE_NATS_NODE, CALLER, presenceNode, startCluster, type Cluster } from './cluster';
import { closedLoop, median, type Measured } from './load';
import { millis, printTable, whole } from './table';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
/** Code becomes hot. */
const WARM_UPS = 2;
const USERS = 10_000;
const TARGET_P99_MS = 10;

interface Read {
  readonly name: string;
  readonly calls: number;
  readonly call: (sides: Sides, i: number) => Promise<unknown>;
}

interface Sides {
  readonly cluster: Cluster;
  /** A request and an answer as long as those of the largest getMany, over NATS without a broker on either side. */
  readonly bare: (i: number) => Promise<unknown>;
}

const UIDS = Array.from({ length: USERS }, (_, i) => `u${i}`);
/** Spread over all users, others each time. */
const uidOf = (call: number, at: number) => UIDS[(call * 7919 + at * 9973) % USERS]!;
const idsOf = (call: number, count: number) => Array.from({ length: count }, (_, at) => uidOf(call, at));
/** Made before anything is timed: who reads has them. */
const listsOf = (count: number, calls: number) => Array.from({ length: calls }, (_, call) => idsOf(call, count));

const many = (ids: number, calls: number): Read => {
  const lists = listsOf(ids, calls);
  return {
    name: `getMany of ${ids}`,
    calls,
    call: ({ cluster }, i) => cluster.caller.call('presence.getMany', [lists[i]]),
  };
};

const BARE_CALLS = 300;

const READS: readonly Read[] = [
  { name: 'get', calls: 2000, call: ({ cluster }, i) => cluster.caller.call('presence.get', [uidOf(i, 0)]) },
  many(100, 1000),
  many(MAX_BATCH_ITEMS, 300),
  { name: 'bare NATS, as long', calls: BARE_CALLS, call: ({ bare }, i) => bare(i) },
  // Few enough that single reads do not pause so long that their cache takes it that nobody reads.
  { name: 'list, 100 online', calls: 100, call: ({ cluster }) => cluster.caller.call('presence.list', ['online']) },
];

/** Reads over the bus, one after the other, of 10,000 users who are all online, a tenth of them busy. */
export async function benchReads(withMongo: boolean): Promise<void> {
  await benchStore('embedded store in memory', { DATA_DIR: IN_MEMORY });
  if (!withMongo) return;
  const mongo = await startMongo();
  const database = freshDatabase(mongo);
  try {
    await benchStore('MongoDB', { MONGO_URL: database.url });
  } finally {
    await database.drop();
    await mongo.stop();
  }
}

async function benchStore(title: string, env: NodeJS.ProcessEnv): Promise<void> {
  const cluster = await startCluster([presenceNode(env), BARE_NATS_NODE]);
  const bus = await connect({ servers: cluster.natsUrl });
  try {
    await fill(cluster);
    const answer = await cluster.caller.call('presence.getMany', [idsOf(0, MAX_BATCH_ITEMS)]);
    await bus.request(SET, JSON.stringify(answer));
    const lists = listsOf(MAX_BATCH_ITEMS, BARE_CALLS);
    const bare = async (i: number) => (await bus.request(ASK, JSON.stringify(lists[i]), { timeout: 10_000 })).json();
    const rounds: Measured[][] = [];
    for (let i = 0; i < WARM_UPS; i++) await round({ cluster, bare });
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round({ cluster, bare }));
    print(title, rounds);
  } finally {
    await bus.close();
    await cluster.stop();
  }
}

async function fill({ caller }: Cluster): Promise<void> {
  for (let first = 0; first < USERS; first += MAX_BATCH_ITEMS) {
    const uids = Array.from({ length: MAX_BATCH_ITEMS }, (_, i) => `u${first + i}`);
    const users = uids.map((_id) => ({ _id, username: `name.of.${_id}`, name: `Some Body ${_id}`, roles: ['user'] }));
    await caller.call('presence.upsertUsers', [users]);
    await Promise.all(uids.map((uid) => caller.call('presence.newConnection', [uid, `${uid}-1`, CALLER])));
    const busy = uids.filter((_, i) => i % 10 === 0);
    const items = busy.map((uid) => ({ uid, statusDefault: 'busy', statusText: 'in a meeting' }));
    await caller.call('presence.setStatusMany', [items]);
  }
}

async function round(sides: Sides): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const { calls, call } of READS) measured.push(await closedLoop(calls, 1, (i) => call(sides, i)));
  return measured;
}

function print(title: string, rounds: readonly Measured[][]): void {
  const rows = READS.map(({ name }, at) => {
    const of = (pick: (measured: Measured) => number) => median(rounds.map((one) => pick(one[at]!)));
    const failed = rounds.reduce((sum, one) => sum + one[at]!.failed, 0);
    return [
      name,
      whole(of((one) => one.perSecond)),
      millis(of((one) => one.p50)),
      millis(of((one) => one.p99)),
      `${failed}`,
    ];
  });
  printTable(
    `reads, ${title}, ${USERS} users, 1 in flight, median of ${rounds.length} rounds`,
    ['call', 'per s', 'p50 ms', 'p99 ms', 'failed'],
    rows,
  );
  const p99 = (name: string) => median(rounds.map((one) => one[READS.findIndex((read) => read.name === name)]!.p99));
  const [largest, bare] = [p99(`getMany of ${MAX_BATCH_ITEMS}`), p99('bare NATS, as long')];
  const verdict = largest <= TARGET_P99_MS ? 'met' : 'NOT MET';
  console.log(
    `\ngetMany of ${MAX_BATCH_ITEMS}: p99 ${millis(largest)} ms, at most ${TARGET_P99_MS}: ${verdict}; ${(largest / bare).toFixed(1)} times bare NATS`,
  );
}
