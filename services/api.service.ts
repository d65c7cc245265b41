import type http from 'node:http';
import type { LoggerInstance, ServiceSchema } from 'moleculer';
import ApiGateway from 'moleculer-web';
import { readConfig, type Config } from '../lib/config/env';
import { Connections } from '../lib/http/connections';
import { Edge } from '../lib/http/edge';
import { EdgeAccess } from '../lib/http/edge-access';
import { FailedLogins } from '../lib/http/failed-logins';
import { gatewayRoutes, type ApiRequest } from '../lib/http/gateway';
import { httpServer } from '../lib/http/http-server';
import { close, listen } from '../lib/http/listen';
import { RateLimit } from '../lib/http/rate-limit';
import type { LocalToken } from '../lib/http/tokens';
import { serviceSchema } from '../lib/wire/service-schema';
import { besidePresenceMixin, type BesideService } from '../mixins/beside-presence.mixin';
import { socketMixin } from '../mixins/socket.mixin';

const SECOND = 1000;

export interface ApiService extends BesideService {
  /** Made in `created`, listens before the node joins a bus. */
  server: http.Server;
  /** From the end of `started` on; before that nothing is answered but /health and the pages. */
  isServing: boolean;
  listening: Promise<void> | undefined;
  /** From `created` on. */
  access: EdgeAccess;
  /** Failed authentications, by address. */
  failures: FailedLogins;
  /** Requests, connections and subscriptions, by caller. */
  requests: RateLimit;
  edge: Edge;
  connections: Connections;
  /** Given by the socket mixin. */
  closeSockets(): Promise<void>;
  openPorts(): Promise<void>;
  httpHandler(req: ApiRequest, res: http.ServerResponse): Promise<void>;
  sendError(req: ApiRequest, res: http.ServerResponse, thrown: unknown): void;
}

/** Requests are logged by the edge. */
const QUIET = { logRequest: null, logRequestParams: null, logResponse: null, logRouteRegistration: null };

/** The service `api`: everything that is served over HTTP on PORT. */
export function apiService(config: Config): ServiceSchema {
  function onError(this: ApiService, req: ApiRequest, res: http.ServerResponse, thrown: unknown): void {
    this.edge.failed(req, res, thrown);
  }
  return serviceSchema<ApiService>({
    name: 'api',
    mixins: [ApiGateway, besidePresenceMixin, socketMixin(config)] as Partial<ServiceSchema>[],
    // The server is ours, so that a port in use ends the start.
    settings: {
      ...QUIET,
      server: false,
      routes: gatewayRoutes(config.API_MAX_BODY, onError),
      onError,
      $secureSettings: ['routes', 'port', 'ip', 'onError'],
    },
    actions: { listAliases: false, addRoute: false, removeRoute: false },
    created(this: ApiService) {
      const gateway = (req: ApiRequest, res: http.ServerResponse) => this.httpHandler(req, res);
      const warn = (line: string) => this.logger.warn(line);
      this.failures = new FailedLogins({ limit: config.API_AUTH_FAILURES, warn });
      this.access = new EdgeAccess(config, this.failures);
      this.requests = new RateLimit({ limit: config.API_RATE_LIMIT });
      const { broker, access, requests, logger: log } = this;
      const isServing = () => this.isServing;
      this.isServing = false;
      this.edge = new Edge({ config, broker, access, requests, gateway, log, isServing });
      this.connections = new Connections();
      this.server = httpServer((req, res) => void this.edge.answer(req, res), this.connections);
    },
    async started(this: ApiService) {
      const local = await this.access.open();
      if (local) showToken(local, this.logger);
      await this.openPorts();
      this.isServing = true;
    },
    methods: methodsOf(config),
    async stopped(this: ApiService) {
      await this.closeSockets();
      await close(this.server);
      this.failures.stop();
    },
  });
}

/** What Moleculer's gateway and middlewares (lib/http/listen-first, lib/http/drain) ask of the service. */
function methodsOf({ PORT: port, HOST: host, DRAIN_TIME }: Config) {
  return {
    /** Moleculer's logs every answer of 500 and more with its stack and data; what is a fault of ours is logged by the edge. */
    errorHandler(this: ApiService, req: ApiRequest, res: http.ServerResponse, thrown: unknown): void {
      this.sendError(req, res, thrown);
    },
    openPorts(this: ApiService): Promise<void> {
      return (this.listening ??= listen(this.server, { variable: 'PORT', port, host }));
    },
    drain(this: ApiService): Promise<void> {
      return this.connections.drain(this.server, DRAIN_TIME * SECOND);
    },
  };
}

/** The token itself is for a person at a terminal, this one time; never for a log. */
function showToken({ token, file }: LocalToken, logger: LoggerInstance): void {
  if (file) logger.info(`made an admin token for the HTTP API: it is in ${file}`);
  else
    logger.warn('made an admin token for the HTTP API that is kept nowhere: set API_TOKENS, or DATA_DIR to a folder');
  if (process.stdout.isTTY) process.stdout.write(`token for the HTTP API, shown this once: ${token}\n`);
}

/** For the loader: the service as the environment says. */
export default (): ServiceSchema => apiService(readConfig(process.env));
