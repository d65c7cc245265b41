import type { Middleware, ServiceBroker } from 'moleculer';
import type { NodeSeen } from '../../domain/node-watch';

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

interface Packet {
  readonly payload?: { readonly sender?: unknown };
}
type PacketHandler = (command: string, packet: Packet) => Promise<boolean>;

/** When each node was last heard, by the monotonic clock. */
const heardBy = new WeakMap<ServiceBroker, Map<string, number>>();

/**
 * Dates what other nodes send. Moleculer counts in whole seconds, which would make a lost node be noticed up to a second
 * late; and any word of a node is a sign of its life, not its heartbeats alone.
 */
export function hearingMiddleware(): Middleware {
  const middleware = {
    transitMessageHandler(this: { readonly broker: ServiceBroker }, next: PacketHandler): PacketHandler {
      const heard = new Map<string, number>();
      heardBy.set(this.broker, heard);
      return (command, packet) => {
        const sender = packet.payload?.sender;
        if (typeof sender === 'string') heard.set(sender, performance.now());
        return next(command, packet);
      };
    },
  };
  return middleware as unknown as Middleware; // Moleculer's types do not know this hook
}

/** Ids of the nodes the bus knows to be up, this one included. */
export function availableNodes(broker: ServiceBroker): Set<string> {
  return new Set(catalog(broker, true).map(({ id }) => id));
}

/** All other nodes of the bus, also those that are gone while Moleculer remembers them (10 minutes). */
export function nodesSeen(broker: ServiceBroker): NodeSeen[] {
  const others = catalog(broker, false).filter(({ local }) => !local);
  const heard = heardBy.get(broker);
  const nowMs = performance.now();
  const silence = (node: CatalogEntry) => {
    const heardMs = heard?.get(node.id);
    return heardMs === undefined ? countedSilence(node) : nowMs - heardMs;
  };
  const seen = others.map((node) => ({ id: node.id, available: node.available, silentMs: silence(node) }));
  if (heard) forgetOthers(heard, others);
  return seen;
}

/** As Moleculer counts it, at least. */
function countedSilence({ lastHeartbeatTime }: CatalogEntry): number {
  return lastHeartbeatTime === null ? 0 : Math.max(0, process.uptime() - lastHeartbeatTime - ROUNDING_S) * SECOND;
}

/** Whoever sends something under ever new names must not fill the memory. */
function forgetOthers(heard: Map<string, number>, known: readonly CatalogEntry[]): void {
  if (heard.size <= 2 * known.length + 1) return;
  const ids = new Set(known.map(({ id }) => id));
  for (const id of heard.keys()) if (!ids.has(id)) heard.delete(id);
}

function catalog(broker: ServiceBroker, onlyAvailable: boolean): CatalogEntry[] {
  return (broker.registry.nodes as { list(options: { onlyAvailable: boolean }): CatalogEntry[] }).list({
    onlyAvailable,
  });
}
