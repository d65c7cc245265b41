import type { ServiceBroker } from 'moleculer';

/** Gauges of Moleculer with a label for each name that any node has told. */
const BY_NAME = ['service.endpoints', 'action.endpoints', 'event.endpoints'].map(
  (name) => `moleculer.registry.${name}.total`,
);
const EVERY_MS = 1_000;

/**
 * Counts what is in Moleculer's registry once a second at most, and forgets names that are gone: Moleculer counts everything for each packet of
 * each node, and keeps every name that it has ever heard.
 */
export function boundRegistryMetrics(broker: ServiceBroker): void {
  const registry = broker.registry as unknown as { updateMetrics(): void };
  const update = registry.updateMetrics.bind(registry);
  let timer: NodeJS.Timeout | undefined;
  const count = () => {
    timer = undefined;
    for (const name of BY_NAME) (broker.metrics.getMetric(name) as { clear?(): void } | null)?.clear?.();
    update();
  };
  registry.updateMetrics = () => {
    if (broker.metrics.isEnabled()) timer ??= setTimeout(count, EVERY_MS).unref();
  };
}
