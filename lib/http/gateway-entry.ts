import type http from 'node:http';
import { PresenceError } from '../wire/errors';
import { methodsOf } from './routes';

/** @throws PresenceError METHOD_NOT_ALLOWED; `Allow` of the answer says what is */
export function refuseMethod(res: http.ServerResponse, methods: readonly string[]): never {
  res.setHeader('allow', methods.join(', '));
  throw new PresenceError('METHOD_NOT_ALLOWED', `this address takes ${methods.join(', ')}`);
}

/**
 * Makes of a request what the gateway answers rightly. By itself it answers OPTIONS like any other method.
 *
 * @param path of the request, without its query
 * @throws PresenceError NOT_FOUND, METHOD_NOT_ALLOWED
 */
export function asGatewayTakesIt(req: http.IncomingMessage, res: http.ServerResponse, path: string): void {
  const methods: readonly string[] = methodsOf(path);
  if (methods.length === 0) throw new PresenceError('NOT_FOUND', 'there is nothing at this address');
  if (!methods.includes(req.method ?? '')) refuseMethod(res, methods);
  // An answer to HEAD is GET's: Node leaves the body out by itself.
  if (req.method === 'HEAD') req.method = 'GET';
}
