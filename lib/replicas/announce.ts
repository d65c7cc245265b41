import type { Middleware, ServiceBroker } from 'moleculer';

interface AnnouncedBroker {
  readonly transit?: object;
  readonly registry: {
    regenerateLocalRawInfo(incSeq: boolean): unknown;
    readonly discoverer: { sendLocalNodeInfo(): Promise<unknown> };
  };
}

/**
 * Tells the bus of this node's services as soon as it has started. Moleculer does so a second later: a node that is healthy
 * by then, and in whose favour another one is stopped, would be unknown to callers for that second.
 */
export function announceMiddleware(): Middleware {
  return {
    async started(broker: ServiceBroker) {
      const { transit, registry } = broker as unknown as AnnouncedBroker; // Moleculer leaves its registry untyped
      if (!transit) return;
      registry.regenerateLocalRawInfo(true);
      await registry.discoverer.sendLocalNodeInfo();
    },
  };
}
