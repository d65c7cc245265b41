import type { Service, ServiceSchema } from 'moleculer';
import type { PresenceStore } from '../lib/store/port';

/** Opens the store before the service starts and closes it after the service has stopped. */
export function storeMixin(store: PresenceStore): Partial<ServiceSchema> {
  return {
    async started(this: Service) {
      await store.open();
    },
    async stopped(this: Service) {
      await store.close();
    },
  };
}
