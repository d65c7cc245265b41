import http from 'node:http';
import type { Service, ServiceSchema } from 'moleculer';
import { busAsBelieved, type BusState } from '../lib/bus-guard';
import { SERVICE_NAME } from '../lib/contract';
import { readConfig, type Config } from '../lib/env';
import type { Role } from '../lib/role';
import { serviceSchema } from '../lib/service-schema';
import type { PresenceStore } from '../lib/store/port';

interface Health {
  readonly healthy: boolean;
  readonly nodeID: string;
  readonly bus: 'connected' | 'disconnected' | 'none';
  readonly presence: boolean;
  /** Whether the store was there when it was last asked. */
  readonly store: 'there' | 'away';
  readonly role: Role | undefined;
}

/** What of the presence service is looked at; it runs in this very process or not at all. */
interface PresenceView extends Service {
  readonly store: Pick<PresenceStore, 'isThere'>;
  readonly role: Role;
  busState(): BusState;
}

interface HealthService extends Service {
  servers: http.Server[];
}

const BUS: Readonly<Record<BusState, Health['bus']>> = { none: 'none', up: 'connected', down: 'disconnected' };

/** A probe that takes longer than this is not answered. */
const PROBE_TIMEOUT_MS = 5000;

/**
 * `GET /health` on PORT, and on HEALTH_CHECK_PORT where that is another (contract 7): 200 `ok`, else
 * 500 `not healthy`; with `Accept: application/json` the reasons.
 */
export function healthService(config: Config): ServiceSchema {
  return serviceSchema<HealthService>({
    name: 'health',
    created(this: HealthService) {
      this.servers = [];
    },
    async started(this: HealthService) {
      for (const port of new Set([config.PORT, config.HEALTH_CHECK_PORT])) {
        this.servers.push(
          await listen(
            http.createServer((req, res) => answer(this, req, res)),
            port,
            config.HOST,
          ),
        );
      }
    },
    async stopped(this: HealthService) {
      await Promise.all(this.servers.splice(0).map(close));
    },
  });
}

function answer(service: Service, req: http.IncomingMessage, res: http.ServerResponse): void {
  const path = req.url?.split('?', 1)[0];
  if (path !== '/health' || !['GET', 'HEAD'].includes(req.method ?? '')) {
    res.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
    return;
  }
  const health = healthOf(service);
  const json = req.headers.accept?.includes('application/json') ?? false;
  res.writeHead(health.healthy ? 200 : 500, {
    'content-type': json ? 'application/json' : 'text/plain',
    'cache-control': 'no-store',
  });
  res.end(json ? JSON.stringify(health) : health.healthy ? 'ok' : 'not healthy');
}

/** Healthy: the presence service runs here, its store is there and, where there is a bus, this node is on it. */
function healthOf({ broker }: Service): Health {
  const service = broker.getLocalService(SERVICE_NAME) as PresenceView | undefined;
  const bus = BUS[service?.busState() ?? busAsBelieved(broker)];
  const presence = service !== undefined && broker.started;
  const store = service?.store.isThere ? 'there' : 'away';
  const healthy = presence && bus !== 'disconnected' && store === 'there';
  return { healthy, nodeID: broker.nodeID, bus, presence, store, role: service?.role };
}

function listen(server: http.Server, port: number, host: string): Promise<http.Server> {
  server.requestTimeout = PROBE_TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`PORT ${port} on ${host} is in use; set PORT to another`) : error);
    });
    server.listen(port, host, () => resolve(server));
  });
}

function close(server: http.Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** For the loader: the service as the environment says. */
export default (): ServiceSchema => healthService(readConfig(process.env));
