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
  readonly payload?: { readonly sender?: unknown; readonly instanceID?: unknown };
}
type PacketHandler = (command: string, packet: Packet) => Promise<boolean>;

/** A node as it was heard, by the monotonic clock. */
interface Heard {
  atMs: number;
  /** Its process, and when that came. */
  instanceID?: string;
  sinceMs?: number;
  /** When it last told who it is. */
  toldMs?: number;
  /** A node that joins asks for all others first, and tells who it is once its services have started. */
  joiningMs?: number;
}

/** Longer than services take to start. */
const JOINS_WITHIN_MS = 60 * SECOND;
const MAX_ID = 100;

const heardBy = new WeakMap<ServiceBroker, Map<string, Heard>>();

/**
 * Dates what other nodes send. Moleculer counts in whole seconds, which would make a lost node be noticed up to a second
 * late; and any word of a node is a sign of its life, not its heartbeats alone.
 */
export function hearingMiddleware(): Middleware {
  const middleware = {
    transitMessageHandler(this: { readonly broker: ServiceBroker }, next: PacketHandler): PacketHandler {
      const heard = new Map<string, Heard>();
      heardBy.set(this.broker, heard);
      return (command, packet) => {
        const { sender, instanceID } = packet.payload ?? {};
        if (typeof sender === 'string') hear(heard, sender, command, instanceID);
        return next(command, packet);
      };
    },
  };
  return middleware as unknown as Middleware; // Moleculer's types do not know this hook
}

function hear(all: Map<string, Heard>, sender: string, command: string, instanceID: unknown): void {
  const nowMs = performance.now();
  let heard = all.get(sender);
  if (heard) heard.atMs = nowMs;
  else all.set(sender, (heard = { atMs: nowMs }));
  if (command === 'DISCOVER') heard.joiningMs = nowMs;
  if (command !== 'INFO') return;
  if (typeof instanceID === 'string' && instanceID.length <= MAX_ID && instanceID !== heard.instanceID) {
    heard.instanceID = instanceID;
    const { joiningMs = -Infinity } = heard;
    heard.sinceMs = nowMs - joiningMs < JOINS_WITHIN_MS ? joiningMs : nowMs;
  }
  heard.toldMs = nowMs;
  heard.joiningMs = undefined;
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
  const seen = others.map((node) => seenOf(node, heard?.get(node.id), nowMs));
  if (heard) forgetOthers(heard, others);
  return seen;
}

function seenOf(node: CatalogEntry, heard: Heard | undefined, nowMs: number): NodeSeen {
  const { id, available } = node;
  const seen = { id, available, silentMs: heard ? nowMs - heard.atMs : countedSilence(node) };
  const { instanceID, sinceMs, toldMs } = heard ?? {};
  if (instanceID === undefined || sinceMs === undefined || toldMs === undefined) return seen;
  return { ...seen, process: { instanceID, ageMs: nowMs - sinceMs, toldAgoMs: nowMs - toldMs } };
}

/** As Moleculer counts it, at least. */
function countedSilence({ lastHeartbeatTime }: CatalogEntry): number {
  return lastHeartbeatTime === null ? 0 : Math.max(0, process.uptime() - lastHeartbeatTime - ROUNDING_S) * SECOND;
}

/** Whoever sends something under ever new names must not fill the memory. */
function forgetOthers(heard: Map<string, Heard>, known: readonly CatalogEntry[]): void {
  if (heard.size <= 2 * known.length + 1) return;
  const ids = new Set(known.map(({ id }) => id));
  for (const id of heard.keys()) if (!ids.has(id)) heard.delete(id);
}

function catalog(broker: ServiceBroker, onlyAvailable: boolean): CatalogEntry[] {
  return (broker.registry.nodes as { list(options: { onlyAvailable: boolean }): CatalogEntry[] }).list({
    onlyAvailable,
  });
}
