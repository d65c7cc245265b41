import type { BaseMetricOptions, MetricRegistry } from 'moleculer';

const SPECS: readonly BaseMetricOptions[] = [
  { name: 'presence.rocketchat.up', type: 'gauge', description: '1 while the account at Rocket.Chat is of use' },
  { name: 'presence.rocketchat.waiting', type: 'gauge', description: 'Users whose status waits to be set there' },
];

/** Metrics of the account at Rocket.Chat in the broker's registry; none without an account. Costs nothing while metrics are off. */
export class RocketChatMetrics {
  constructor(private readonly registry: MetricRegistry) {
    if (!registry.isEnabled()) return;
    for (const spec of SPECS) if (!registry.hasMetric(spec.name)) registry.register(spec);
  }

  stands({ up, waiting }: { readonly up: boolean; readonly waiting: number }): void {
    this.registry.set('presence.rocketchat.up', up ? 1 : 0);
    this.registry.set('presence.rocketchat.waiting', waiting);
  }
}
