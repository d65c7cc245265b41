import type http from 'node:http';
import type { Service, ServiceBroker } from 'moleculer';
import { busAsBelieved, type BusState } from '../replicas/bus-guard';
import { SERVICE_NAME } from '../wire/contract';
import type { Role } from '../replicas/role';
import type { PresenceStore } from '../store/port';

export interface Health {
  readonly healthy: boolean;
  readonly nodeID: string;
  readonly bus: 'connected' | 'disconnected' | 'none';
  readonly presence: boolean;
  /** Whether the store was there when it was last asked. Absent: a node that is not on its bus yet opens its store only then. */
  readonly store?: 'there' | 'away';
  readonly role: Role | undefined;
  /** What a node that is not healthy waits for. `start`: it has all it needs, and has not started yet, or does not run any more. */
  readonly missing: readonly ('bus' | 'store' | 'start')[];
}

/** What of the presence service is looked at; it runs in this very process or not at all. */
interface PresenceView extends Service {
  readonly store: Pick<PresenceStore, 'isThere'>;
  readonly role: Role;
  busState(): BusState;
}

const BUS: Readonly<Record<BusState, Health['bus']>> = { none: 'none', up: 'connected', down: 'disconnected' };

export const HEALTH_PATH = '/health';

/** Whether a request is a probe. */
export function asksForHealth(req: http.IncomingMessage): boolean {
  return req.url?.split('?', 1)[0] === HEALTH_PATH && ['GET', 'HEAD'].includes(req.method ?? '');
}

/** 200 `ok`, else 500 `not healthy` (contract 7); with `Accept: application/json` the reasons. */
export function answerHealth(broker: ServiceBroker, req: http.IncomingMessage, res: http.ServerResponse): void {
  const health = healthOf(broker);
  const json = req.headers.accept?.includes('application/json') ?? false;
  res.writeHead(health.healthy ? 200 : 500, {
    'content-type': json ? 'application/json' : 'text/plain',
    'cache-control': 'no-store',
  });
  res.end(json ? JSON.stringify(health) : health.healthy ? 'ok' : 'not healthy');
}

/** Healthy: the presence service runs here, its store is there and, where there is a bus, this node is on it. */
function healthOf(broker: ServiceBroker): Health {
  const service = broker.getLocalService(SERVICE_NAME) as PresenceView | undefined;
  const bus = BUS[service?.busState() ?? busAsBelieved(broker)];
  const presence = service !== undefined && broker.started;
  const isTried = presence || bus !== 'disconnected';
  const store = !isTried ? undefined : service?.store.isThere ? 'there' : 'away';
  const healthy = presence && bus !== 'disconnected' && store === 'there';
  const missing = healthy ? [] : missingOf({ bus, store });
  return { healthy, nodeID: broker.nodeID, bus, presence, store, role: service?.role, missing };
}

function missingOf({ bus, store }: Pick<Health, 'bus' | 'store'>): Health['missing'] {
  const isOff = bus === 'disconnected';
  const missing = [...(isOff ? (['bus'] as const) : []), ...(store === 'away' ? (['store'] as const) : [])];
  return missing.length > 0 ? missing : ['start'];
}
