import type { ServiceSchema } from 'moleculer';
import type { ProcessSighting } from '../domain/node-process';
import type { Config } from '../lib/config/env';
import { NodeProcesses } from '../lib/replicas/node-processes';
import { nodesSeen } from '../lib/replicas/nodes';
import { tellGone, type LivenessService } from './liveness.mixin';
import { periodicMixin } from './periodic.mixin';

const LOOK_EVERY_MS = 250;

/**
 * Which process has a node's id (decision 0007). A container with a fixed name is back under its id before anybody takes the node for lost:
 * the INFO packet tells that it is another process, and what the former one held ends.
 */
export function nodeProcessesMixin({ TRANSPORTER }: Config): Partial<ServiceSchema> {
  if (TRANSPORTER === undefined) return {};
  let processes: NodeProcesses | undefined;
  let led = false;
  const startedMs = performance.now();

  async function run(service: LivenessService): Promise<void> {
    processes ??= new NodeProcesses(service.store.instances, service.clock);
    // An observer writes nothing; a store that is not shared is this replica's to keep, whoever leads.
    if (service.store.isShared && !service.mayWork()) return;
    await processes.look(sightings(service, startedMs));
    const leads = service.isLeader();
    const isFirstLook = leads && !led;
    if (leads) await endFormer(service, processes, isFirstLook);
    led = leads;
  }

  return {
    mixins: [
      periodicMixin<LivenessService>({
        name: 'ending the sessions of processes that others have replaced',
        everyMs: LOOK_EVERY_MS,
        run,
      }),
    ] as Partial<ServiceSchema>[],
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

async function endFormer(service: LivenessService, processes: NodeProcesses, isFirstLook: boolean): Promise<void> {
  for (const one of await processes.replaced(isFirstLook)) {
    const users = await service.desk.dropInstance(one.id, { beforeMs: one.sinceMs });
    await processes.ended(one);
    tellGone(service, one.id, users.length, 'is another process now');
  }
}
