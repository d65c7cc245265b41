import type { BrokerOptions } from 'moleculer';

/**
 * What Moleculer's own service `$node` offers. `list` and `services` stay, for Rocket.Chat asks for them (contract 1.3). The others go: `options`
 * holds the password of the bus, and what they tell of this machine is nothing for other nodes.
 */
export function internalServices(): BrokerOptions['internalServices'] {
  const actions = { options: false, metrics: false, health: false, actions: false, events: false };
  return { $node: { name: '$node', actions } };
}
