import type { Context, Service, ServiceSchema } from 'moleculer';
import { MIRRORED_INSTANCE } from '../domain/mirror';
import { NodeWatch } from '../domain/node-watch';
import { Vigil } from '../domain/vigil';
import { SERVICE_NAME } from '../lib/wire/contract';
import type { Config } from '../lib/config/env';
import type { NodeProcesses } from '../lib/replicas/node-processes';
import { nodesSeen } from '../lib/replicas/nodes';
import type { PresenceDesk } from '../lib/desk/presence-desk';
import type { Reaped, Reaper } from '../lib/replicas/reaper';
import type { SharedClock } from '../lib/replicas/shared-clock';
import { UnseenInstances } from '../lib/replicas/unseen-instances';
import type { PresenceStore } from '../lib/store/port';
import type { BusService } from './bus-guard.mixin';
import { periodicMixin } from './periodic.mixin';
import type { ReplicaService } from './replica-service';

export interface LivenessService extends ReplicaService, BusService {
  readonly desk: PresenceDesk;
  readonly store: PresenceStore;
  readonly reaper: Reaper;
  readonly sharedClock: SharedClock;
  readonly clock: () => number;
  nodeWatch: NodeWatch;
  readonly nodeProcesses: NodeProcesses;
  vigil: Vigil;
  /** Told what the jobs have removed. Given by the service. */
  tellReaped(reaped: Reaped): void;
  tellNodeLost(nodeID: string, users: number): void;
}

const SECOND = 1000;
const LOOK_EVERY_MS = SECOND / 4;
const DROP_EVERY_MS = SECOND / 4;
const MAX_UNSEEN_EVERY_MS = 3 * SECOND;
const CLOCK_EVERY_MS = 2 * SECOND;
/** A clock that is set by more than this makes ages of leases worthless for one lease. */
const CLOCK_STEP_MS = 5 * SECOND;
/** How far the clocks of two replicas may be apart at most: each goes by the store's. */
const CLOCKS_DIFFER_MS = SECOND / 10;
/** The reaper looks so often in a lease: a ghost outlives its lease by a thirtieth of it at most. */
const REAPS_PER_LEASE = 30;
/** A loss that another replica was to deal with is forgotten after this. */
const FORGET_AFTER_MS = 10 * 60 * SECOND;

/**
 * Who is still there: nodes by the bus, sessions by their leases, and whether this replica has seen enough to judge
 * (design invariants 6 and 7). Every replica watches; the one that leads acts.
 */
export function livenessMixin(config: Config): Partial<ServiceSchema> {
  const leaseMs = config.SESSION_LEASE * SECOND;
  const job = (name: string, everyMs: number, run: (service: LivenessService) => Promise<unknown>) =>
    periodicMixin<LivenessService>({ name, everyMs, run });

  return {
    mixins: [
      job('looking who is there', LOOK_EVERY_MS, async (service) => look(service)),
      job('dropping the sessions of nodes that are gone', DROP_EVERY_MS, dropGone),
      ...unseenJob(config),
      job('ending sessions whose lease is over', Math.ceil(leaseMs / REAPS_PER_LEASE), reap),
      job('looking at the clock', CLOCK_EVERY_MS, lookAtClock),
    ] as Partial<ServiceSchema>[],
    events: {
      '$node.disconnected': {
        context: true,
        handler(this: LivenessService, ctx: Context<{ node?: { id?: string }; unexpected?: boolean }>) {
          const { node, unexpected } = ctx.params;
          // An unexpected loss is for the next look to judge: it may be our own.
          if (node?.id && unexpected === false) this.nodeWatch.left(node.id, performance.now());
        },
      },
    },
    created(this: Service) {
      Object.assign(this, watches(config, performance.now()));
    },
    async started(this: Service) {
      const service = this as LivenessService;
      await service.sharedClock.sync();
      Object.assign(service, watches(config, performance.now()));
      look(service);
    },
  };
}

function unseenJob({ TRANSPORTER, HEARTBEAT_TIMEOUT, NODE_LOSS_GRACE }: Config): Partial<ServiceSchema>[] {
  if (TRANSPORTER === undefined) return []; // without a bus it is unknown which node is gone
  let unseen: UnseenInstances | undefined;
  const run = async (service: LivenessService) => {
    unseen ??= new UnseenInstances(service.store.instances, (HEARTBEAT_TIMEOUT + NODE_LOSS_GRACE) * SECOND);
    await dropUnseen(service, unseen);
  };
  const everyMs = Math.min(Math.max((HEARTBEAT_TIMEOUT * SECOND) / 10, LOOK_EVERY_MS), MAX_UNSEEN_EVERY_MS);
  return [
    periodicMixin<LivenessService>({
      name: 'dropping the sessions of instances that the bus does not show',
      everyMs,
      run,
    }),
  ];
}

function watches(config: Config, nowMs: number): Pick<LivenessService, 'nodeWatch' | 'vigil'> {
  const heartbeatTimeoutMs = config.HEARTBEAT_TIMEOUT * SECOND;
  // Heartbeats come within half a second of their interval, and are counted in seconds.
  const quietAfterMs = Math.min(1.5 * config.HEARTBEAT_INTERVAL * SECOND + SECOND, heartbeatTimeoutMs);
  const graceMs = config.NODE_LOSS_GRACE * SECOND;
  const rules = { heartbeatTimeoutMs, quietAfterMs, graceMs, leaseMs: config.SESSION_LEASE * SECOND };
  return { nodeWatch: new NodeWatch(rules, nowMs), vigil: new Vigil(heartbeatTimeoutMs / 2) };
}

function look(service: LivenessService): void {
  const nowMs = performance.now();
  const able = service.busState() !== 'down' && service.store.isThere;
  if (service.vigil.look(able, nowMs)) service.nodeWatch.distrust();
  if (able) service.nodeWatch.trustAgain(nowMs);
  service.nodeWatch.look(nodesSeen(service.broker), nowMs);
}

async function dropGone(service: LivenessService): Promise<void> {
  const { nodeWatch } = service;
  const nowMs = performance.now();
  if (!service.isLeader()) {
    for (const [id, { dueAtMs }] of nodeWatch.pending) if (dueAtMs < nowMs - FORGET_AFTER_MS) nodeWatch.settled(id);
    return;
  }
  for (const id of nodeWatch.due(nowMs)) {
    const kind = nodeWatch.pending.get(id)?.kind;
    if (kind === 'missing') continue; // looked at anew before its sessions are dropped
    const drop = (process?: string) =>
      service.desk.dropInstance(id, { beforeMs: service.clock() + CLOCKS_DIFFER_MS, process });
    // A node that says that it leaves has closed its sessions: they are not kept for its return.
    const users = await (kind === 'left' ? drop() : service.nodeProcesses.lose(id, drop));
    // It may be back meanwhile, or another process under its id: what that has opened since stays.
    nodeWatch.settled(id);
    tellGone(service, id, users.length);
  }
}

export function tellGone(service: LivenessService, id: string, users: number, what = 'is gone'): void {
  if (users === 0) return;
  service.logger.warn(`node ${id} ${what}: ended the sessions of ${users} users`);
  service.tellNodeLost(id, users);
}

/**
 * Stored instances that the bus does not show: killed before a replica had heard of them, or while no replica was there.
 * What they have written since they were looked at stays: then they are alive, whatever the bus says.
 */
async function dropUnseen(service: LivenessService, unseen: UnseenInstances): Promise<void> {
  const { broker, store, nodeWatch, desk } = service;
  if (!service.isLeader() || !nodeWatch.isTrusted(performance.now())) return;
  const nodes = nodesSeen(broker).filter(({ available }) => available);
  const replicas = replicasOf(service);
  const seesOthers = nodes.some(({ id }) => !replicas.has(id));
  const storeMs = service.clock();
  // A monolith's instances are no nodes of the bus.
  const told = await store.instances.told(storeMs);
  const there = new Set([broker.nodeID, MIRRORED_INSTANCE, ...told, ...nodes.map(({ id }) => id)]);
  const newestOf = await unseen.newest(there, storeMs);
  const silences = new Map([...newestOf].map(([id, newestMs]) => [id, storeMs - newestMs]));
  for (const id of nodeWatch.unseen(silences, !seesOthers, performance.now())) {
    const users = await service.nodeProcesses.lose(id, (process) =>
      desk.dropInstance(id, { beforeMs: newestOf.get(id)! + 1, process }),
    );
    nodeWatch.settled(id);
    unseen.forget(id);
    tellGone(service, id, users.length);
  }
}

function replicasOf(service: Service): Set<string | undefined> {
  const all = service.broker.registry.getServiceList({ onlyAvailable: true }) as { name: string; nodeID?: string }[];
  return new Set(all.filter(({ name }) => name === SERVICE_NAME).map(({ nodeID }) => nodeID));
}

async function reap(service: LivenessService): Promise<void> {
  if (!service.isLeader()) return;
  const reaped = await service.reaper.reap(service.vigil.lastedMs(performance.now()));
  if (reaped.users === 0) return;
  service.logger.info(`ended ${reaped.agesMs.length} sessions of ${reaped.users} users: no heartbeat for a lease`);
  service.tellReaped(reaped);
}

async function lookAtClock(service: LivenessService): Promise<void> {
  const setByMs = await service.sharedClock.sync();
  if (Math.abs(setByMs) < CLOCK_STEP_MS) return;
  service.logger.warn(`the clock was set by ${Math.round(setByMs / SECOND)} s: leases start anew`);
  service.vigil.break();
}
