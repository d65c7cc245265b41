import type { ServiceBroker } from 'moleculer';

/** Ids of the nodes the bus knows to be up, this one included. Moleculer leaves its node catalog untyped. */
export function availableNodes(broker: ServiceBroker): Set<string> {
  const catalog = broker.registry.nodes as { list(options: { onlyAvailable: boolean }): { id: string }[] };
  return new Set(catalog.list({ onlyAvailable: true }).map(({ id }) => id));
}
