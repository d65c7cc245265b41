import type { ServiceBroker } from 'moleculer';
import { explain, type Explanation, type InstanceState } from '../../domain/explain';
import { nodesSeen } from '../replicas/nodes';
import type { PresenceStore } from '../store/port';

export interface ExplainParts {
  readonly store: Pick<PresenceStore, 'applySessions' | 'heartbeatingInstances' | 'schedules'>;
  readonly broker: ServiceBroker;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** Whether this service decides presence; an observer repairs nothing, and ends and begins nothing by itself. */
  readonly isOwner: boolean;
  /** How long this replica has watched without a break: leases count from then at the earliest. */
  readonly vigilMs: number;
}

/** Nothing is stored of such a user. */
export interface UnknownUser {
  readonly uid: string;
  readonly known: false;
}

/** Reads what is stored of a user and says why he is shown as he is. Changes nothing. */
export async function explainUser(parts: ExplainParts, uid: string): Promise<Explanation | UnknownUser> {
  const { store, broker, isOwner, nowMs, leaseMs, vigilMs } = parts;
  const [[state], heartbeating, schedules] = await Promise.all([
    store.applySessions([{ uid, commands: [] }], nowMs),
    store.heartbeatingInstances(),
    store.schedules.of(uid),
  ]);
  if (!state?.user) return { uid, known: false };
  const states = instanceStates(broker);
  return explain(state.user, state.sessions, {
    nowMs,
    leaseMs,
    countsFromMs: Math.floor(nowMs - vigilMs),
    isOwner,
    heartbeating: isOwner ? heartbeating : new Set(),
    schedules: isOwner ? schedules : [],
    instanceState: (id) => states.get(id) ?? 'unknown',
  });
}

function instanceStates(broker: ServiceBroker): Map<string, InstanceState> {
  const others = nodesSeen(broker).map(({ id, available }) => [id, available ? 'up' : 'gone'] as const);
  return new Map<string, InstanceState>([...others, [broker.nodeID, 'up']]);
}
