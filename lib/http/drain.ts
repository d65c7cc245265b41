import type { Middleware, ServiceBroker } from 'moleculer';

/** A service that lets go of others, its clients or its targets, before anything of the node stops. */
export interface Draining {
  drain(): Promise<void>;
}

/** In this order. */
const DRAINED = ['api', 'callbacks'];

/**
 * On a stop /health is red at once, for the broker is no longer started. Then, while everything still works, the service
 * `api` lets go of its clients, and then, for they may change something until their last call, `callbacks` of its targets.
 * Only after that do services stop, all at once: the store is closed beside those that use it.
 */
export function drainMiddleware(): Middleware {
  return {
    async stopping(broker: ServiceBroker) {
      for (const name of DRAINED) {
        const service = broker.getLocalService(name) as unknown as Partial<Draining> | undefined;
        await service?.drain?.();
      }
    },
  };
}
