import type { ServiceSchema } from 'moleculer';
import type { Config } from '../lib/config/env';
import type { PresenceMetrics } from '../lib/metrics';
import { SLICE, type PresenceDesk } from '../lib/desk/presence-desk';
import { paceOf, type Reconciler } from '../lib/desk/reconciler';
import type { PresenceStore } from '../lib/store/port';
import type { BusService } from './bus-guard.mixin';
import { periodicMixin } from './periodic.mixin';
import type { ReplicaService } from './replica-service';

interface WorkingService extends ReplicaService, BusService {
  readonly desk: PresenceDesk;
  readonly reconciler: Reconciler;
  readonly metrics: PresenceMetrics;
  readonly store: PresenceStore;
  readonly clock: () => number;
  broadcastEnabled: boolean;
}

/** Claims end at most this late. */
const EXPIRY_EVERY_MS = 500;
/** As often as Rocket.Chat's instances tell their counts (contract 3.2): a shared store sees the peak by looking. */
const COUNT_EVERY_MS = 30_000;
/** As often as Prometheus looks, more or less. */
const GAUGES_EVERY_MS = 10_000;
const SHOW_EVERY_MS = 1000;
/** Tombstones are inert after two minutes. They are looked for without an index, so not often. */
const PRUNE_EVERY_MS = 5 * 60_000;

/** Gauges of what is stored. Nothing is asked of the store while nobody would see it. */
async function gauge(service: WorkingService): Promise<void> {
  const { store, metrics } = service;
  if (!metrics.isOn) return;
  const counted = service.isLeader()
    ? { users: await store.statusCounts(), instances: await store.storedInstances() }
    : undefined;
  metrics.counted(counted);
}

/** What goes on without anybody's call: claims end, presence is verified, the store is looked at. */
export function presenceJobsMixin(config: Config): Partial<ServiceSchema> {
  return {
    mixins: [
      // Every replica does this, not the leader alone: a claim must not wait for another to take over. One of them wins.
      periodicMixin<WorkingService>({
        name: 'ending claims whose time is over',
        everyMs: EXPIRY_EVERY_MS,
        run: async (service) => (service.mayWork() ? service.desk.settleExpired() : 0),
      }),
      periodicMixin<WorkingService>({
        name: 'counting connections',
        everyMs: COUNT_EVERY_MS,
        run: async (service) => (service.isLeader() ? service.desk.connections() : undefined),
      }),
      periodicMixin<WorkingService>({
        name: 'counting users and sessions',
        everyMs: GAUGES_EVERY_MS,
        firstAfterMs: SHOW_EVERY_MS,
        run: gauge,
      }),
      periodicMixin<WorkingService>({
        name: 'showing how this node stands',
        everyMs: SHOW_EVERY_MS,
        run: async (service) => {
          const { queued } = service.desk;
          service.metrics.state({
            queued,
            busUp: service.busState() !== 'down',
            storeUp: service.store.isThere,
            leads: service.isLeader(),
          });
        },
      }),
      periodicMixin<WorkingService>({
        name: 'letting go of what removals have left',
        everyMs: PRUNE_EVERY_MS,
        run: async (service) => (service.isLeader() ? service.store.pruneTombstones(service.clock()) : undefined),
      }),
      ...verifying(config),
    ] as Partial<ServiceSchema>[],
  };
}

/** The walk through everybody, a little at a time, and what else is looked at in the database as often as it steps. */
function verifying(config: Config): Partial<ServiceSchema>[] {
  const pace = paceOf(config.MAX_CONCURRENT_SYNC * SLICE, config.SYNC_INTERVAL);
  return [
    periodicMixin<WorkingService>({
      name: 'verifying presence',
      everyMs: pace.everyMs,
      firstAfterMs: config.SYNC_INTERVAL,
      run: async (service) => (service.isLeader() ? service.reconciler.portion(pace.users) : 0),
    }),
    periodicMixin<WorkingService>({
      name: 'looking at the store',
      everyMs: config.SYNC_INTERVAL,
      run: async (service) => {
        const { desk, store } = service;
        await store.refresh();
        if (store.isShared) service.broadcastEnabled = await store.broadcastEnabled();
        desk.prune();
      },
    }),
  ];
}
