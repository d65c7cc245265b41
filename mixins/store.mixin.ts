import type { Service, ServiceSchema } from 'moleculer';
import type { PresenceStore } from '../lib/store/port';

/** Opens the store before the service starts, closes it after the service has stopped, and logs when it goes and comes. */
export function storeMixin(store: PresenceStore): Partial<ServiceSchema> {
  return {
    created(this: Service) {
      let failedAt = 0;
      store.availability.onChange((fault) => {
        if (fault !== undefined) failedAt = performance.now();
        const tookSeconds = ((performance.now() - failedAt) / 1000).toFixed(1);
        if (fault === undefined) this.logger.warn(`store available again after ${tookSeconds} s`);
        else
          this.logger.error(`store unavailable: ${fault}: calls wait or fail with STORE_UNAVAILABLE until it is back`);
      });
    },
    async started(this: Service) {
      await store.open();
    },
    async stopped(this: Service) {
      await store.close();
    },
  };
}
