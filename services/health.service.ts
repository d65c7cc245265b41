import type http from 'node:http';
import type { Service, ServiceSchema } from 'moleculer';
import { readConfig, type Config } from '../lib/config/env';
import { answerHealth, asksForHealth } from '../lib/http/health';
import { httpServer } from '../lib/http/http-server';
import { close, listen } from '../lib/http/listen';
import { secure } from '../lib/http/security-headers';
import { serviceSchema } from '../lib/wire/service-schema';

interface HealthService extends Service {
  servers: http.Server[];
  listening: Promise<void> | undefined;
  openPorts(): Promise<void>;
  listenAtAll(): Promise<void>;
}

/** A probe that takes longer than this is not answered. */
const PROBE_TIMEOUT_MS = 5000;

/**
 * `GET /health` on HEALTH_CHECK_PORT where that is another port than PORT, on which the service `api` answers it; and on
 * PORT where there is no such service.
 */
export function healthService(config: Config): ServiceSchema {
  return serviceSchema<HealthService>({
    name: 'health',
    created(this: HealthService) {
      this.servers = [];
    },
    async started(this: HealthService) {
      await this.openPorts();
    },
    methods: {
      openPorts(this: HealthService): Promise<void> {
        return (this.listening ??= this.listenAtAll());
      },
      async listenAtAll(this: HealthService): Promise<void> {
        const ports = new Set([config.PORT, config.HEALTH_CHECK_PORT]);
        if (this.broker.getLocalService('api')) ports.delete(config.PORT);
        for (const port of ports) {
          const server = httpServer((req, res) => {
            secure(req, res, config.TRUSTED_PROXIES);
            answer(this, req, res);
          });
          server.requestTimeout = PROBE_TIMEOUT_MS;
          const variable = port === config.PORT ? 'PORT' : 'HEALTH_CHECK_PORT';
          await listen(server, { variable, port, host: config.HOST });
          this.servers.push(server);
        }
      },
    },
    async stopped(this: HealthService) {
      await Promise.all(this.servers.splice(0).map(close));
    },
  });
}

function answer({ broker }: Service, req: http.IncomingMessage, res: http.ServerResponse): void {
  if (asksForHealth(req)) answerHealth(broker, req, res);
  else res.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
}

/** For the loader: the service as the environment says. */
export default (): ServiceSchema => healthService(readConfig(process.env));
