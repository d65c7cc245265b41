import type { Service, ServiceSchema } from 'moleculer';
import type { PresenceStore } from '../lib/store/port';

interface StoreService extends Service {
  storeReminder: NodeJS.Timeout | undefined;
}

const SAY_AGAIN_MS = 60_000;

/** Opens the store before the service starts, closes it after the service has stopped, and logs when it goes and comes, and once a minute while it is away. */
export function storeMixin(store: PresenceStore): Partial<ServiceSchema> {
  return {
    created(this: Service) {
      const service = this as StoreService;
      let failedAt = 0;
      const say = () => {
        const { fault } = store.availability;
        if (fault === undefined) return;
        this.logger.error(`store unavailable: ${fault}: calls wait or fail with STORE_UNAVAILABLE until it is back`);
      };
      store.availability.onChange((fault) => {
        clearInterval(service.storeReminder);
        if (fault === undefined) {
          const tookSeconds = ((performance.now() - failedAt) / 1000).toFixed(1);
          this.logger.warn(`store available again after ${tookSeconds} s`);
          return;
        }
        failedAt = performance.now();
        say();
        service.storeReminder = setInterval(say, SAY_AGAIN_MS).unref();
      });
    },
    async started(this: Service) {
      await store.open();
    },
    async stopped(this: Service) {
      clearInterval((this as StoreService).storeReminder);
      await store.close();
    },
  };
}
