import type { ServiceBroker } from 'moleculer';
import { SERVICE_NAME } from '../wire/contract';
import type { Role } from './role';

/** What a replica says of itself. */
export interface ReplicaState {
  readonly role: Role;
  /** Whether it does the jobs that one replica does. */
  readonly leader: boolean;
}

/** A node of the bus that serves presence, as seen from here. */
export interface Replica extends Partial<ReplicaState> {
  readonly nodeID: string;
  /** The one that was asked. */
  readonly here: boolean;
  /** Whether it answered; what it says of itself is absent where not. */
  readonly answers: boolean;
  readonly leader: boolean;
}

const ANSWERS_WITHIN_MS = 1_000;

/** Asks every node that serves presence what it is, by their ids in order. Never rejects: one that is silent is said to be. */
export function askReplicas(broker: ServiceBroker): Promise<Replica[]> {
  return Promise.all(replicaIds(broker).map((nodeID) => ask(broker, nodeID)));
}

async function ask(broker: ServiceBroker, nodeID: string): Promise<Replica> {
  const here = nodeID === broker.nodeID;
  const options = { nodeID, timeout: ANSWERS_WITHIN_MS, retries: 0 };
  try {
    const { role, leader } = await broker.call<ReplicaState, unknown[]>(`${SERVICE_NAME}.replica`, [], options);
    return { nodeID, here, answers: true, role, leader };
  } catch {
    return { nodeID, here, answers: false, leader: false };
  }
}

/** Ids of the nodes that serve presence, this one included. */
export function replicaIds(broker: ServiceBroker): string[] {
  const services = broker.registry.getServiceList({ onlyAvailable: true, withActions: false }) as unknown as readonly {
    readonly name: string;
    readonly nodeID: string;
  }[];
  return [...new Set(services.filter(({ name }) => name === SERVICE_NAME).map(({ nodeID }) => nodeID))].sort();
}
