import type { Middleware, ServiceBroker } from 'moleculer';

/** A service that serves HTTP. */
interface ListeningService {
  /** Listens; may be called again. */
  openPorts?(): Promise<void>;
}

/**
 * HTTP listens before the node joins its bus and opens its store, which may take as long as these are away: probes are answered meanwhile, and a
 * port in use ends the start at once.
 */
export function listenFirstMiddleware(): Middleware {
  return {
    async starting(broker: ServiceBroker) {
      for (const service of broker.services as readonly ListeningService[]) await service.openPorts?.();
    },
  };
}
