import type { ServiceBroker } from 'moleculer';
import type { NodeSeen } from '../domain/node-watch';

/** What Moleculer's node catalog, which it leaves untyped, tells of a node. */
interface CatalogEntry {
  readonly id: string;
  readonly local: boolean;
  readonly available: boolean;
  /** Seconds of this process's uptime, rounded. */
  readonly lastHeartbeatTime: number | null;
}

const SECOND = 1000;
/** Moleculer rounds to seconds: a node is not taken for silent longer than it surely was. */
const ROUNDING_S = 0.5;

/** Ids of the nodes the bus knows to be up, this one included. */
export function availableNodes(broker: ServiceBroker): Set<string> {
  return new Set(catalog(broker, true).map(({ id }) => id));
}

/** All other nodes of the bus, also those that are gone while Moleculer remembers them (10 minutes). */
export function nodesSeen(broker: ServiceBroker): NodeSeen[] {
  const upS = process.uptime();
  return catalog(broker, false)
    .filter(({ local }) => !local)
    .map(({ id, available, lastHeartbeatTime }) => ({
      id,
      available,
      silentMs: lastHeartbeatTime === null ? 0 : Math.max(0, upS - lastHeartbeatTime - ROUNDING_S) * SECOND,
    }));
}

function catalog(broker: ServiceBroker, onlyAvailable: boolean): CatalogEntry[] {
  return (broker.registry.nodes as { list(options: { onlyAvailable: boolean }): CatalogEntry[] }).list({
    onlyAvailable,
  });
}
