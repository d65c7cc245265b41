import http from 'node:http';
import helmet from 'helmet';
import type { Service, ServiceSchema } from 'moleculer';
import ApiGateway from 'moleculer-web';
import { readConfig, type Config } from '../lib/env';
import { crossOrigin } from '../lib/http/cors';
import { Doorway } from '../lib/http/doorway';
import { EdgeAccess } from '../lib/http/edge-access';
import { answerProblem, gatewayRoute, type ApiRequest } from '../lib/http/gateway';
import { answerHealth, asksForHealth } from '../lib/http/health';
import { close, listen } from '../lib/http/listen';
import { openApi } from '../lib/http/openapi';
import { problemOf } from '../lib/http/problems';
import { API_PATH } from '../lib/http/routes';
import { PresenceError } from '../lib/errors';
import { serviceSchema } from '../lib/service-schema';
import { besidePresenceMixin, type BesideService } from '../mixins/beside-presence.mixin';
import { socketMixin } from '../mixins/socket.mixin';

export interface ApiService extends BesideService {
  /** Made in `created`, listens at the end of `started`: mixins may hang themselves on it before. */
  server: http.Server;
  /** From `created` on. */
  access: EdgeAccess;
  doorway: Doorway;
  /** Given by the socket mixin. */
  closeSockets(): Promise<void>;
  httpHandler(req: http.IncomingMessage, res: http.ServerResponse): Promise<void>;
}

const secured = helmet();
/** Of the contract, not of the node. */
const API_VERSION = '1.0.0';
const DOCUMENT = JSON.stringify(openApi(API_VERSION));

/** Everything but the gateway's own routes; these come last. */
async function answer(service: ApiService, config: Config, req: ApiRequest, res: http.ServerResponse): Promise<void> {
  if (asksForHealth(req)) return answerHealth(service.broker, req, res);
  secured(req, res, () => undefined);
  if (crossOrigin(config.CORS_ORIGINS, req, res)) return;
  const path = req.url?.split('?', 1)[0] ?? '';
  if (path === '/openapi.json') return void res.setHeader('content-type', 'application/json').end(DOCUMENT);
  if (path !== API_PATH && !path.startsWith(`${API_PATH}/`)) {
    throw new PresenceError('NOT_FOUND', 'there is nothing at this address');
  }
  req.caller = await service.doorway.enter(req, res);
  // An answer to HEAD is GET's: Node leaves the body out by itself.
  if (req.method === 'HEAD') req.method = 'GET';
  await service.httpHandler(req, res);
}

function failed(service: Service, req: http.IncomingMessage, res: http.ServerResponse, thrown: unknown): void {
  if (problemOf(thrown).code === 'INTERNAL') service.logger.error('a request failed', thrown);
  answerProblem(req, res, thrown);
}

/** The service `api`: everything that is served over HTTP on PORT. */
export function apiService(config: Config): ServiceSchema {
  return serviceSchema<ApiService>({
    name: 'api',
    mixins: [ApiGateway, besidePresenceMixin, socketMixin(config)] as Partial<ServiceSchema>[],
    // The server is ours, so that a port in use ends the start.
    settings: {
      server: false,
      routes: [gatewayRoute(config.API_MAX_BODY)],
      onError: answerProblem,
      logRequest: 'debug',
      logRequestParams: null,
      logResponse: 'debug',
      logRouteRegistration: null,
      $secureSettings: ['routes', 'port', 'ip', 'onError'],
    },
    actions: { listAliases: false, addRoute: false, removeRoute: false },
    created(this: ApiService) {
      this.access = new EdgeAccess(config);
      const { API_RATE_LIMIT: rateLimit, API_AUTH_FAILURES: authFailures } = config;
      this.doorway = new Doorway({ access: this.access, rateLimit, authFailures });
      this.server = http.createServer((req, res) => {
        answer(this, config, req as ApiRequest, res).catch((thrown: unknown) => failed(this, req, res, thrown));
      });
    },
    async started(this: ApiService) {
      const local = await this.access.open();
      if (local) this.logger.info(`a token for the HTTP API was made${local.file ? `: ${local.file}` : ''}`);
      // Not to the log: this is the one time that it is shown.
      if (local) process.stdout.write(`token for the HTTP API, shown this once: ${local.token}\n`);
      await listen(this.server, config.PORT, config.HOST);
    },
    async stopped(this: ApiService) {
      await this.closeSockets();
      await close(this.server);
    },
  });
}

/** For the loader: the service as the environment says. */
export default (): ServiceSchema => apiService(readConfig(process.env));
