import type { Middleware, ServiceBroker } from 'moleculer';

/** A service that lets go of its clients before anything of the node stops. */
export interface Draining {
  drain(): Promise<void>;
}

/**
 * On a stop /health is red at once, for the broker is no longer started. Then, while everything still works, the service
 * `api` lets go of its clients; only after that do services stop.
 */
export function drainMiddleware(): Middleware {
  return {
    async stopping(broker: ServiceBroker) {
      const api = broker.getLocalService('api') as unknown as Partial<Draining> | undefined;
      await api?.drain?.();
    },
  };
}
