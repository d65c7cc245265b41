import type { ServiceBroker } from 'moleculer';
import { replicaIds } from './replicas';

/** Replicas of this service on the bus. A replica that stops is one until it has gone: it may still hand calls on. */
export class KnownReplicas {
  private readonly seen = new Set<string>();

  constructor(private readonly broker: ServiceBroker) {}

  /** Takes in who serves presence now. */
  look(): void {
    for (const id of replicaIds(this.broker)) this.seen.add(id);
  }

  left(nodeID: string): void {
    this.seen.delete(nodeID);
  }

  has(nodeID: string): boolean {
    return nodeID !== this.broker.nodeID && (this.seen.has(nodeID) || replicaIds(this.broker).includes(nodeID));
  }
}

/** Another replica that serves now, a different one at each call; undefined where there is none. */
export function anotherReplica(broker: ServiceBroker): string | undefined {
  const others = replicaIds(broker).filter((id) => id !== broker.nodeID);
  return others[Math.floor(Math.random() * others.length)];
}
