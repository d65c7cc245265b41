import type http from 'node:http';
import type { Middleware, ServiceBroker } from 'moleculer';
import type { Config } from '../config/env';
import { sendProblem } from './answer-problem';
import { httpServer } from './http-server';
import { close, listen } from './listen';
import { METRICS_TYPE, metricsText } from './metrics-text';
import { problemOf } from './problems';
import { PresenceError } from '../wire/errors';

/**
 * `GET /metrics` on MS_METRICS_PORT of HOST, for anybody who reaches it. Moleculer's own endpoint listens on all
 * addresses, and ends the process with a stack where the port is taken.
 */
export function metricsEndpoint({ MS_METRICS, MS_METRICS_PORT: port, HOST: host }: Config): Middleware {
  let server: http.Server | undefined;
  return {
    async starting(broker: ServiceBroker) {
      if (!MS_METRICS) return;
      server = httpServer((req, res) => answer(broker, req, res));
      await listen(server, { variable: 'MS_METRICS_PORT', port, host });
    },
    async stopped() {
      if (server) await close(server);
    },
  };
}

function answer(broker: ServiceBroker, req: http.IncomingMessage, res: http.ServerResponse): void {
  try {
    if (req.url?.split('?', 1)[0] !== '/metrics')
      throw new PresenceError('NOT_FOUND', 'there is nothing at this address');
    const text = metricsText(broker);
    res.writeHead(200, { 'content-type': METRICS_TYPE }).end(text);
  } catch (thrown) {
    sendProblem(res, problemOf(thrown));
  }
}
