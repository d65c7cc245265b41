import type { MetricRegistry } from 'moleculer';
import { registerMetrics, type MetricSpec } from '../metric-specs';

const SPECS: readonly MetricSpec[] = [
  { name: 'presence.rocketchat.up', type: 'gauge', description: '1 while the account at Rocket.Chat is of use' },
  {
    name: 'presence.rocketchat.waiting',
    type: 'gauge',
    unit: 'users',
    description: 'Users whose status waits to be set there',
  },
];

/** Metrics of the account at Rocket.Chat in the broker's registry; none without an account. Costs nothing while metrics are off. */
export class RocketChatMetrics {
  constructor(private readonly registry: MetricRegistry) {
    registerMetrics(registry, SPECS);
  }

  stands({ up, waiting }: { readonly up: boolean; readonly waiting: number }): void {
    this.registry.set('presence.rocketchat.up', up ? 1 : 0);
    this.registry.set('presence.rocketchat.waiting', waiting);
  }
}
