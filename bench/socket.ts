import { setTimeout as pause } from 'node:timers/promises';
import { loadavg } from 'node:os';
import { connect } from 'nats';
import { IN_MEMORY } from '../lib/store/embedded-store';
import { freePort } from '../test/helpers/free-port';
import { canSeeMemory, residentMb } from '../test/helpers/memory';
import { CALLER, presenceNode, startCluster, type Cluster } from './cluster';
import { withCpu } from './cpu';
import { median } from './load';
import { SocketCrowd, type Arrivals } from './socket-crowd';
import { TELL } from './socket-floor-node';
import { millis, percent, printTable, whole } from './table';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const TARGET_P99_MS = 50;
const USERS = 200;
const PER_SECOND = 20;
const ROUND_S = 10;
const CLIENTS = 2_000;
const MANY_CLIENTS = 5_000;
/** Of many clients: so that as many frames are sent as to the fewer. */
const PER_SECOND_OF_MANY = (PER_SECOND * CLIENTS) / MANY_CLIENTS;
const TOKEN = 'token-of-the-benchmark';
const SETTLES_MS = 1_000;

/** Who tells clients. */
interface Side {
  readonly name: string;
  readonly service: string;
  readonly port: number;
  /** Makes one change, and is answered when it is made. */
  readonly change: (mark: number) => Promise<unknown>;
}

/** Milliseconds from the call, and from its answer, to the frame at each client. */
interface Told {
  readonly fromCall: Float64Array;
  readonly fromAnswer: Float64Array;
  readonly missing: number;
  readonly lost: number;
  /** Of a core. */
  readonly busy: number;
}

/** Changes over the bus to the frames at thousands of WebSocket clients, next to a bare broadcaster. */
export async function benchSocket(): Promise<void> {
  const [port, floorPort] = [await freePort(), await freePort()];
  const cluster = await startCluster([
    presenceNode({
      DATA_DIR: IN_MEMORY,
      PORT: String(port),
      API_TOKENS: `bench:read:${TOKEN}`,
      API_RATE_LIMIT: '0', // one token stands for all clients
      WS_MAX_CLIENTS_PER_CALLER: '0',
      WS_MAX_IDS_PER_CALLER: '0',
    }),
    { service: 'floor', file: 'socket-floor-node.ts', bare: true, env: { PORT: String(floorPort) } },
  ]);
  const bus = await connect({ servers: cluster.natsUrl });
  try {
    const frame = await fill(cluster);
    const sides: Side[] = [
      { name: 'presence', service: 'presence', port, change: (mark) => change(cluster, mark) },
      {
        name: 'bare ws',
        service: 'floor',
        port: floorPort,
        change: (mark) => bus.request(TELL, frame(mark), { timeout: 60_000 }),
      },
    ];
    await few(cluster, sides);
    await many(cluster, sides[0]!);
  } finally {
    await bus.close();
    await cluster.stop();
  }
}

const uidOf = (mark: number) => `u${mark % USERS}`;
const textOf = (mark: number) => `n-${mark}.`;

function change({ caller }: Cluster, mark: number): Promise<unknown> {
  return caller.call('presence.setStatus', [uidOf(mark), mark % 2 ? 'busy' : 'away', textOf(mark)]);
}

/** @returns what makes a frame as long as those of the node */
async function fill(cluster: Cluster): Promise<(mark: number) => string> {
  const uids = Array.from({ length: USERS }, (_, i) => `u${i}`);
  const users = uids.map((_id) => ({ _id, username: `name.of.${_id}`, name: `Some Body ${_id}`, roles: ['user'] }));
  await cluster.caller.call('presence.upsertUsers', [users]);
  await Promise.all(uids.map((uid) => cluster.caller.call('presence.newConnection', [uid, `${uid}-1`, CALLER])));
  await change(cluster, 0);
  const view = JSON.stringify(await cluster.caller.call('presence.get', [uidOf(0)]));
  return (mark) => `{"op":"changes","seq":"AAAAAAAA.${mark}","users":[${view.replace(textOf(0), textOf(mark))}]}`;
}

async function few(cluster: Cluster, sides: readonly Side[]): Promise<void> {
  const crowds = await Promise.all(sides.map(({ port }) => SocketCrowd.open(orderOf(port, CLIENTS), 2)));
  const rounds: Told[][] = [];
  try {
    await Promise.all(sides.map((side, i) => round(cluster, side, crowds[i]!, PER_SECOND, 2)));
    for (let i = 0; i < ROUNDS; i++) {
      const told: Told[] = [];
      for (const [at, side] of sides.entries()) told.push(await round(cluster, side, crowds[at]!, PER_SECOND, ROUND_S));
      rounds.push(told);
    }
  } finally {
    await Promise.all(crowds.map((crowd) => crowd.close()));
  }
  print(`${CLIENTS} clients, each subscribed to all`, PER_SECOND, sides, rounds, CLIENTS);
  const p99 = median(rounds.map(([presence]) => at(presence!.fromCall, 0.99)));
  console.log(
    `\nchange to frame: p99 ${millis(p99)} ms, at most ${TARGET_P99_MS}: ${p99 <= TARGET_P99_MS ? 'met' : 'NOT MET'}`,
  );
}

async function many(cluster: Cluster, side: Side): Promise<void> {
  const pid = cluster.pids.get(side.service)!;
  const before = canSeeMemory ? residentMb(pid) : 0;
  const startedAt = performance.now();
  const crowd = await SocketCrowd.open(orderOf(side.port, MANY_CLIENTS), 2);
  const openMs = performance.now() - startedAt;
  try {
    const rounds: Told[][] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push([await round(cluster, side, crowd, PER_SECOND_OF_MANY, ROUND_S)]);
    print(`${MANY_CLIENTS} clients, each subscribed to all`, PER_SECOND_OF_MANY, [side], rounds, MANY_CLIENTS);
    const memory = canSeeMemory ? `, ${whole(residentMb(pid) - before)} MB more in the node` : '';
    console.log(`\nconnected, with their snapshots, within ${(openMs / 1000).toFixed(1)} s${memory}`);
  } finally {
    await crowd.close();
  }
}

const orderOf = (port: number, clients: number) => ({
  port,
  path: '/api/v1/ws',
  token: TOKEN,
  clients,
});

let marks = 0;

/** Changes at a steady rate, whether or not the last one was answered. */
async function round(
  cluster: Cluster,
  side: Side,
  crowd: SocketCrowd,
  perSecond: number,
  seconds: number,
): Promise<Told> {
  const calledAt = new Map<number, readonly [number, number]>();
  const pids = new Map([[side.service, cluster.pids.get(side.service)!]]);
  const { cpuMs } = await withCpu(pids, async () => {
    const startedAt = performance.now();
    const calls: Promise<void>[] = [];
    for (let i = 0; i < perSecond * seconds; i++) {
      await pause(Math.max(0, startedAt + (i * 1000) / perSecond - performance.now()));
      const mark = (marks += 1);
      const calledMs = nowMs();
      calls.push(side.change(mark).then(() => void calledAt.set(mark, [calledMs, nowMs()])));
    }
    await Promise.all(calls);
    await pause(SETTLES_MS);
  });
  const busy = (cpuMs.get(side.service) ?? 0) / (seconds * 1000 + SETTLES_MS);
  return toldOf(calledAt, await crowd.take(), busy);
}

function toldOf(
  calledAt: ReadonlyMap<number, readonly [number, number]>,
  all: readonly Arrivals[],
  busy: number,
): Told {
  const [fromCall, fromAnswer]: [number[], number[]] = [[], []];
  for (const { marks: told, atMs } of all) {
    told.forEach((mark, i) => {
      const called = calledAt.get(mark);
      if (!called) return;
      fromCall.push(atMs[i]! - called[0]);
      fromAnswer.push(atMs[i]! - called[1]);
    });
  }
  const lost = all.reduce((sum, one) => sum + one.lost, 0);
  const sorted = (values: number[]) => Float64Array.from(values).sort();
  return { fromCall: sorted(fromCall), fromAnswer: sorted(fromAnswer), missing: calledAt.size, lost, busy };
}

const nowMs = () => performance.timeOrigin + performance.now();
const at = (sorted: Float64Array, quantile: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? NaN;

function print(
  title: string,
  perSecond: number,
  sides: readonly Side[],
  rounds: readonly Told[][],
  clients: number,
): void {
  const rows = sides.map(({ name }, side) => {
    const of = (pick: (told: Told) => number) => median(rounds.map((one) => pick(one[side]!)));
    const sum = (pick: (told: Told) => number) => rounds.reduce((total, one) => total + pick(one[side]!), 0);
    return [
      name,
      millis(of(({ fromCall }) => at(fromCall, 0.5))),
      millis(of(({ fromCall }) => at(fromCall, 0.99))),
      millis(of(({ fromAnswer }) => at(fromAnswer, 0.5))),
      millis(of(({ fromAnswer }) => at(fromAnswer, 0.99))),
      percent(of(({ busy }) => busy)),
      whole(sum(({ missing, fromCall }) => missing * clients - fromCall.length)),
      whole(sum(({ lost }) => lost)),
    ];
  });
  printTable(
    `change to WebSocket frame, ${title}, ${perSecond} changes a second, median of ${rounds.length} rounds, load ${loadavg()[0]!.toFixed(1)}`,
    ['told by', 'p50 ms', 'p99 ms', 'p50 from answer', 'p99 from answer', 'of a core', 'not told', 'cut off'],
    rows,
  );
}
