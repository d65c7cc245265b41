import type { ServiceSchema } from 'moleculer';
import type { Config } from '../lib/env';
import type { PresenceDesk } from '../lib/presence-desk';
import type { PresenceStore } from '../lib/store/port';
import { periodicMixin } from './periodic.mixin';
import type { ReplicaService } from './replica-service';

interface WorkingService extends ReplicaService {
  readonly desk: PresenceDesk;
  readonly store: PresenceStore;
  readonly clock: () => number;
  broadcastEnabled: boolean;
}

/** Claims end at most this late. */
const EXPIRY_EVERY_MS = 500;
/** As often as Rocket.Chat's instances tell their counts (contract 3.2): a shared store sees the peak by looking. */
const COUNT_EVERY_MS = 30_000;

/** What goes on without anybody's call: claims end, presence is verified, the store is looked at. */
export function presenceJobsMixin(config: Config): Partial<ServiceSchema> {
  return {
    mixins: [
      periodicMixin<WorkingService>({
        name: 'ending claims whose time is over',
        everyMs: EXPIRY_EVERY_MS,
        run: async (service) => (service.isKeeper() ? service.desk.settleExpired() : 0),
      }),
      periodicMixin<WorkingService>({
        name: 'counting connections',
        everyMs: COUNT_EVERY_MS,
        run: async (service) => (service.isKeeper() ? service.desk.connections() : undefined),
      }),
      periodicMixin<WorkingService>({
        name: 'verifying presence',
        everyMs: config.SYNC_INTERVAL,
        run: async (service) => {
          const { desk, store } = service;
          await store.refresh();
          if (store.isShared) service.broadcastEnabled = await store.broadcastEnabled();
          if (service.isKeeper()) await desk.verifySome(config.MAX_CONCURRENT_SYNC);
          desk.prune();
        },
      }),
    ] as Partial<ServiceSchema>[],
  };
}
