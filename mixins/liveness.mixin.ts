import type { Context, Service, ServiceSchema } from 'moleculer';
import { MIRRORED_INSTANCE } from '../domain/mirror';
import { NodeWatch } from '../domain/node-watch';
import { Vigil } from '../domain/vigil';
import { SERVICE_NAME } from '../lib/wire/contract';
import type { Config } from '../lib/config/env';
import { nodesSeen } from '../lib/replicas/nodes';
import type { PresenceDesk } from '../lib/desk/presence-desk';
import type { Reaped, Reaper } from '../lib/replicas/reaper';
import type { SharedClock } from '../lib/replicas/shared-clock';
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
  vigil: Vigil;
  /** Told what the jobs have removed. Given by the service. */
  tellReaped(reaped: Reaped): void;
  tellNodeLost(nodeID: string, users: number): void;
}

const SECOND = 1000;
const LOOK_EVERY_MS = SECOND / 4;
const DROP_EVERY_MS = SECOND / 4;
const CLOCK_EVERY_MS = 2 * SECOND;
/** A clock that is set by more than this makes ages of leases worthless for one lease. */
const CLOCK_STEP_MS = 5 * SECOND;
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
  const startUp = { atMs: 0, swept: false };

  return {
    mixins: [
      job('looking who is there', LOOK_EVERY_MS, async (service) => look(service)),
      job('dropping the sessions of nodes that are gone', DROP_EVERY_MS, async (service) => {
        await sweepOnce(service, startUp);
        await dropGone(service);
      }),
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
      startUp.atMs = service.clock();
      startUp.swept = config.TRANSPORTER === undefined; // without a bus nobody knows who is gone
      Object.assign(service, watches(config, performance.now()));
      look(service);
    },
  };
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
    const users = await service.desk.dropInstance(id);
    // It may be back meanwhile; whoever was dropped is brought back by its next heartbeat.
    nodeWatch.settled(id);
    if (users.length === 0) continue;
    service.logger.warn(`node ${id} is gone: ended the sessions of ${users.length} users`);
    service.tellNodeLost(id, users.length);
  }
}

/**
 * Sessions of nodes that went while no replica was there to see it: once, when everybody had the time to be heard of.
 * An instance that has opened or refreshed a session since this replica started is alive, whatever the bus says.
 */
async function sweepOnce(service: LivenessService, startUp: { readonly atMs: number; swept: boolean }): Promise<void> {
  const nowMs = performance.now();
  if (startUp.swept || !service.isLeader() || !service.nodeWatch.isTrusted(nowMs)) return;
  const nodes = nodesSeen(service.broker).filter(({ available }) => available);
  const there = new Set([service.broker.nodeID, MIRRORED_INSTANCE, ...nodes.map(({ id }) => id)]);
  const replicas = replicasOf(service);
  const seesOthers = nodes.some(({ id }) => !replicas.has(id));
  for (const { instanceId, newestMs } of await service.store.storedInstances()) {
    if (there.has(instanceId) || newestMs >= startUp.atMs) continue;
    service.nodeWatch.missing(instanceId, !seesOthers, nowMs);
  }
  startUp.swept = true;
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
