import type { Service, ServiceSchema } from 'moleculer';
import type { ProcessSighting } from '../domain/node-process';
import type { Config } from '../lib/config/env';
import { restoreInstance } from '../lib/desk/restore-instance';
import { NodeProcesses } from '../lib/replicas/node-processes';
import { nodesSeen } from '../lib/replicas/nodes';
import type { PresenceStore } from '../lib/store/port';
import { tellGone, type LivenessService } from './liveness.mixin';
import { periodicMixin } from './periodic.mixin';

const SECOND = 1000;
const LOOK_EVERY_MS = 250;

/**
 * Which process has a node's id (decision 0007). A container with a fixed name is back under its id before anybody takes the node for lost:
 * the INFO packet tells that it is another process, and what the former one held ends. A node that was lost and is back as the same
 * process has its sessions restored.
 */
export function nodeProcessesMixin(
  store: PresenceStore,
  { TRANSPORTER, HEARTBEAT_TIMEOUT }: Config,
): Partial<ServiceSchema> {
  let led = false;
  const startedMs = performance.now();

  async function run(service: LivenessService): Promise<void> {
    // An observer writes nothing; a store that is not shared is this replica's to keep, whoever leads.
    if (service.store.isShared && !service.mayWork()) return;
    await service.nodeProcesses.look(sightings(service, startedMs));
    const leads = service.isLeader();
    const isFirstLook = leads && !led;
    if (leads) {
      await endFormer(service, isFirstLook);
      await restoreReturned(service, HEARTBEAT_TIMEOUT * SECOND, isFirstLook);
    }
    led = leads;
  }

  const job = periodicMixin<LivenessService>({
    name: 'looking which process each node is',
    everyMs: LOOK_EVERY_MS,
    run,
  });
  return {
    // Without a bus there are no nodes.
    mixins: TRANSPORTER === undefined ? [] : [job],
    created(this: Service) {
      const service = this as LivenessService;
      const nodeProcesses = new NodeProcesses(store.instances, () => service.clock());
      Object.assign(service, { nodeProcesses });
    },
  };
}

/** Nodes that are up and tell their process, this one included. */
function sightings({ broker, clock, nodeWatch }: LivenessService, startedMs: number): ProcessSighting[] {
  const [storeMs, nowMs] = [clock(), performance.now()];
  const sinceMs = (ageMs: number) => Math.floor(storeMs - ageMs);
  const others = nodesSeen(broker).flatMap(({ id, available, process }) => {
    if (!available || !process) return [];
    const isNew = nodeWatch.isTrusted(nowMs - process.ageMs);
    return [{ id, process: process.instanceID, sinceMs: sinceMs(process.ageMs), isNew }];
  });
  const self = { id: broker.nodeID, process: broker.instanceID, sinceMs: sinceMs(nowMs - startedMs), isNew: true };
  return [...others, self];
}

async function endFormer(service: LivenessService, isFirstLook: boolean): Promise<void> {
  const { nodeProcesses, desk } = service;
  for (const one of await nodeProcesses.replaced(isFirstLook)) {
    const users = await desk.dropInstance(one.id, { beforeMs: one.sinceMs });
    await nodeProcesses.ended(one);
    tellGone(service, one.id, users.length, 'is another process now');
  }
}

/** Nodes that are heard, and when each told its process last. Moleculer itself counts in whole seconds, and takes a lost node for available a while longer. */
function heardOf({ broker, clock }: LivenessService, heartbeatTimeoutMs: number): ReadonlyMap<string, number> {
  const storeMs = clock();
  return new Map(
    nodesSeen(broker).flatMap(({ id, silentMs, process }) => {
      return process && silentMs <= heartbeatTimeoutMs ? [[id, storeMs - process.toldAgoMs] as const] : [];
    }),
  );
}

async function restoreReturned(
  service: LivenessService,
  heartbeatTimeoutMs: number,
  isFirstLook: boolean,
): Promise<void> {
  const { nodeProcesses, logger, broker } = service;
  const { back, unsure } = await nodeProcesses.returned(heardOf(service, heartbeatTimeoutMs), isFirstLook);
  // Answered with an INFO packet.
  for (const id of unsure) await broker.transit?.discoverNode(id);
  for (const one of back) {
    const users = await restoreInstance(service, one.id, one.process);
    await nodeProcesses.restored(one);
    if (users.length > 0)
      logger.info(`node ${one.id} is back as the same process: restored the sessions of ${users.length} users`);
  }
}
