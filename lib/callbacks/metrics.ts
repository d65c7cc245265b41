import type { BaseMetricOptions, MetricRegistry } from 'moleculer';
import type { DeliveryCounts } from '../store/callback-port';
import type { Outcome } from './delivery';

const SPECS: readonly BaseMetricOptions[] = [
  {
    name: 'presence.callbacks.deliveries.total',
    type: 'counter',
    labelNames: ['outcome'],
    description: 'Attempts to deliver a change to a callback, by what became of them',
  },
  { name: 'presence.callbacks.waiting', type: 'gauge', description: 'Deliveries that wait in the outbox' },
  { name: 'presence.callbacks.parked', type: 'gauge', description: 'Deliveries that were given up' },
];

/** Metrics of callbacks in the broker's registry. Costs nothing while metrics are off. */
export class CallbackMetrics {
  constructor(private readonly registry: MetricRegistry) {
    if (!registry.isEnabled()) return;
    for (const spec of SPECS) if (!registry.hasMetric(spec.name)) registry.register(spec);
  }

  get isOn(): boolean {
    return this.registry.isEnabled();
  }

  /** @param outcome dropped: too many were waiting */
  attempted(outcome: Outcome | 'dropped', times = 1): void {
    if (times > 0) this.registry.increment('presence.callbacks.deliveries.total', { outcome }, times);
  }

  /** @param counts absent where another replica counts */
  counted(counts: Iterable<DeliveryCounts> | undefined): void {
    let [waiting, parked] = [0, 0];
    for (const one of counts ?? []) {
      waiting += one.waiting;
      parked += one.parked;
    }
    this.registry.set('presence.callbacks.waiting', waiting);
    this.registry.set('presence.callbacks.parked', parked);
  }
}
