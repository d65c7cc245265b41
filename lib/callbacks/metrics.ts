import type { MetricRegistry } from 'moleculer';
import { registerMetrics, type MetricSpec } from '../metric-specs';
import type { DeliveryCounts } from '../store/callback-port';
import type { Outcome } from './delivery';

const OUTCOMES = ['delivered', 'failed', 'parked', 'gone', 'dropped'] as const satisfies readonly (
  Outcome | 'dropped'
)[];

const SPECS: readonly MetricSpec[] = [
  {
    name: 'presence.callbacks.deliveries.total',
    type: 'counter',
    unit: 'attempts',
    labelNames: ['outcome'],
    labelValues: OUTCOMES,
    description: 'Attempts to deliver a change to a callback, by what became of them',
  },
  {
    name: 'presence.callbacks.waiting',
    type: 'gauge',
    unit: 'deliveries',
    description: 'Deliveries that wait in the outbox',
  },
  {
    name: 'presence.callbacks.parked',
    type: 'gauge',
    unit: 'deliveries',
    description: 'Deliveries that were given up',
  },
];

/** Metrics of callbacks in the broker's registry. Costs nothing while metrics are off. */
export class CallbackMetrics {
  constructor(private readonly registry: MetricRegistry) {
    registerMetrics(registry, SPECS);
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
