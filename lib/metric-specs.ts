import type { BaseMetricOptions, MetricRegistry } from 'moleculer';

/** One of our metrics, as the broker's registry takes it. */
export interface MetricSpec extends BaseMetricOptions {
  /** Of a counter with one label: the values that are there from the start, with 0. Without them the first increase is lost to `rate()`. */
  readonly labelValues?: readonly string[];
}

/** Registers metrics that are not there yet; nothing while metrics are off. */
export function registerMetrics(registry: MetricRegistry, specs: readonly MetricSpec[]): void {
  if (!registry.isEnabled()) return;
  for (const { labelValues = [], ...spec } of specs) {
    if (registry.hasMetric(spec.name)) continue;
    registry.register(spec);
    const [label = ''] = spec.labelNames ?? [];
    for (const value of labelValues) registry.increment(spec.name, { [label]: value }, 0);
  }
}
