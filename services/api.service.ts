import http from 'node:http';
import type { ServiceSchema } from 'moleculer';
import ApiGateway from 'moleculer-web';
import { readConfig, type Config } from '../lib/env';
import type { Access } from '../lib/http/access';
import { close, listen } from '../lib/http/listen';
import { serviceSchema } from '../lib/service-schema';
import { besidePresenceMixin, type BesideService } from '../mixins/beside-presence.mixin';
import { socketMixin } from '../mixins/socket.mixin';

export interface ApiService extends BesideService {
  /** Made in `created`, listens at the end of `started`: mixins may hang themselves on it before. */
  server: http.Server;
  /** From `created` on. */
  access: Access;
  /** Given by the socket mixin. */
  closeSockets(): Promise<void>;
  httpHandler(req: http.IncomingMessage, res: http.ServerResponse): Promise<void>;
}

/** The service `api`: everything that is served over HTTP on PORT. */
export function apiService(config: Config): ServiceSchema {
  return serviceSchema<ApiService>({
    name: 'api',
    mixins: [ApiGateway, besidePresenceMixin, socketMixin(config)] as Partial<ServiceSchema>[],
    // The server is ours, so that a port in use ends the start; routes are added one by one, so that none is made by default.
    settings: { server: false, routes: null, $secureSettings: ['routes', 'port', 'ip'] },
    actions: { listAliases: false, addRoute: false, removeRoute: false },
    created(this: ApiService) {
      this.server = http.createServer((req, res) => void this.httpHandler(req, res));
    },
    async started(this: ApiService) {
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
