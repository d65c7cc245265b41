import type { ServiceBroker } from 'moleculer';
import type { Db } from 'mongodb';
import type { BulkWork } from './bulk-node';
import type { Cluster } from './cluster';
import { withCpu } from './cpu';
import { ECHO } from './embedded';
import { closedLoop, type Measured } from './load';
import { MONGO_STEPS, type MongoStep } from './mongo-steps';

export type Cpu = ReadonlyMap<string, number>;

/** One side of a step and the processor time per call, in microseconds, of each process. */
export interface Side extends Measured {
  readonly cpuUs: Cpu;
}

/** A step of one round: what it is compared with, right before it. */
export interface Sides {
  readonly echo: Measured;
  readonly baseline: Side;
  /** Writes per second with no service around them, plain and as the node's own statements; absent where the step writes nothing. */
  readonly bulk: number | undefined;
  readonly ownBulk: number | undefined;
  readonly presence: Side;
}

export interface Stage {
  readonly cluster: Cluster;
  /** Of the cluster and of the database. */
  readonly pids: ReadonlyMap<string, number>;
  /** The presence node's own. */
  readonly db: Db;
}

export interface Load {
  readonly inFlight: number;
  /** Users, and so calls of most steps. The baseline gets fewer: it takes longer for each. */
  readonly presence: number;
  readonly baseline: number;
}

/** Old enough to be written again at the next heartbeat, young enough to live (a third of the lease, and all of it). */
const AGED_MS = 90_000;

/** One pass over all steps: the baseline, the bare writes and the echo right before each. */
export async function mongoRound(stage: Stage, load: Load): Promise<Sides[]> {
  const { caller } = stage.cluster;
  const round: Sides[] = [];
  for (const step of MONGO_STEPS) {
    const baseline = await measure(stage, `baseline.${step.action}`, step, load.inFlight, load.baseline);
    const bulk = step.bulk && (await bulkRate(caller, 'bulk', { ...step.bulk, calls: load.presence }));
    const ownBulk = step.bulk && (await bulkRate(caller, 'ownBulk', { ...step.bulk, calls: load.presence }));
    const calls = load.presence * (step.repeats ?? 1);
    const echo = await closedLoop(calls, load.inFlight, (i) => ECHO.call(caller, i % load.presence));
    if (step.agesFirst) await ageSessions(stage);
    const presence = await measure(stage, `presence.${step.action}`, step, load.inFlight, load.presence, calls);
    if (step.agesFirst) await checkRenewed(stage.db);
    round.push({ echo, baseline, bulk, ownBulk, presence });
  }
  return round;
}

async function measure(
  { cluster: { caller }, pids }: Stage,
  action: string,
  { args }: MongoStep,
  inFlight: number,
  users: number,
  calls = users,
): Promise<Side> {
  const { result, cpuMs } = await withCpu(pids, () =>
    closedLoop(calls, inFlight, (i) => caller.call(action, args(i % users))),
  );
  return { ...result, cpuUs: new Map([...cpuMs].map(([name, ms]) => [name, (ms / calls) * 1000])) };
}

function bulkRate(caller: ServiceBroker, service: string, work: BulkWork): Promise<number> {
  return caller.call<number, BulkWork>(`${service}.run`, work);
}

/** Makes every lease old, in the database and, by the word of a replica, in the node's memory. */
async function ageSessions({ cluster: { caller }, db }: Stage): Promise<void> {
  const old = new Date(Date.now() - AGED_MS);
  await db.collection('usersSessions').updateMany({}, { $set: { 'connections.$[]._updatedAt': old } });
  await caller.broadcast('presence.leases.forget', ['all']);
}

/** Guards the row against measuring answers from memory. */
async function checkRenewed(db: Db): Promise<void> {
  const sessions = db.collection<{ _id: string; connections: { _updatedAt: Date }[] }>('usersSessions');
  const newest = (await sessions.findOne({ _id: 'u0' }))?.connections[0]?._updatedAt.getTime() ?? 0;
  if (Date.now() - newest > AGED_MS / 2) throw new Error('the heartbeats that were to renew leases have not done so');
}
