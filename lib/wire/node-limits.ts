import type { ServiceBroker } from 'moleculer';
import { keepsExpression } from './packet-check';

/** What is used of Moleculer's registry, which it leaves untyped. */
interface EndpointList {
  readonly endpoints: readonly unknown[];
}
interface RegistryNode {
  readonly id: string;
  readonly local: boolean;
  readonly available: boolean;
  /** Of the process: another one of the same name has another. */
  readonly instanceID: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}
export interface Registry {
  readonly nodes: {
    toArray(): RegistryNode[];
    get(id: string): RegistryNode | undefined;
    has(id: string): boolean;
    count(): number;
    delete(id: string): boolean;
  };
  readonly actions: { readonly actions: Map<string, EndpointList> };
  readonly events: { events: EndpointList[] };
}

export interface NodeInfo {
  readonly sender: string;
  readonly services: readonly { readonly events?: Record<string, { readonly name: string }> | null }[];
}

const MEGABYTE = 1024 * 1024;
/** Nodes of a bus; the largest Rocket.Chat has some hundred. */
const MAX_NODES = 1_000;
/** What all nodes tell of themselves; a Rocket.Chat node tells some 50 kB. */
const MAX_BYTES = 64 * MEGABYTE;
/** Looking for nodes that are gone goes over all of them: not for each packet of a flood. */
const FORGET_EVERY_MS = 1_000;
const MAX_EXPRESSIONS = 200;
/** Names that nobody offers any more are removed once so many have come. */
const PRUNE_EVERY_BYTES = MEGABYTE;

/** Bounds what is kept of the INFO packets of other nodes: whoever sends them under ever-new names must not fill the memory. */
export class NodeLimits {
  private readonly bytesOf = new Map<string, number>();
  private readonly expressions = new Set<string>();
  private total = 0;
  private sincePruned = 0;
  private forgotAtMs = -Infinity;

  constructor(private readonly registry: Registry) {}

  /** Takes the packet into account. @returns whether there is room for it */
  admit({ sender, services }: NodeInfo, bytes: number, nowMs: number): boolean {
    const isKnown = this.registry.nodes.has(sender);
    const more = bytes - (this.bytesOf.get(sender) ?? 0);
    if (!this.fits(isKnown, more)) this.forgetAbsent(nowMs);
    if (!this.fits(isKnown, more) || !this.takeExpressions(services)) return false;
    this.bytesOf.set(sender, bytes);
    this.total += more;
    this.sincePruned += bytes;
    if (this.sincePruned > PRUNE_EVERY_BYTES) this.prune();
    return true;
  }

  private fits(isKnown: boolean, more: number): boolean {
    return (isKnown || this.registry.nodes.count() < MAX_NODES) && this.total + more <= MAX_BYTES;
  }

  /** Nodes that are gone are kept for ten minutes where there is room. */
  private forgetAbsent(nowMs: number): void {
    if (nowMs - this.forgotAtMs < FORGET_EVERY_MS) return;
    this.forgotAtMs = nowMs;
    const { nodes } = this.registry;
    for (const { id, local, available } of nodes.toArray()) if (!local && !available) nodes.delete(id);
    for (const [id, bytes] of this.bytesOf) {
      if (nodes.has(id)) continue;
      this.bytesOf.delete(id);
      this.total -= bytes;
    }
  }

  /** Moleculer keeps these for good. */
  private takeExpressions(services: NodeInfo['services']): boolean {
    const names = services.flatMap(({ events }) => Object.values(events ?? {}).map(({ name }) => name));
    const added = names.filter((name) => keepsExpression(name) && !this.expressions.has(name));
    if (this.expressions.size + added.length > MAX_EXPRESSIONS) return false;
    for (const name of added) this.expressions.add(name);
    return true;
  }

  /** Moleculer keeps the name of an action or event after the last node that had it is gone. */
  private prune(): void {
    this.sincePruned = 0;
    const { actions, events } = this.registry;
    for (const [name, { endpoints }] of actions.actions) if (endpoints.length === 0) actions.actions.delete(name);
    events.events = events.events.filter(({ endpoints }) => endpoints.length > 0);
  }
}

/** Of this process's broker. */
export function registryOf(broker: ServiceBroker): Registry {
  return broker.registry as unknown as Registry; // Moleculer's types leave out what is inside
}
