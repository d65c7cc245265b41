import type http from 'node:http';
import type { Access, Caller } from '../http/access';
import { addressOf } from '../http/address';
import { PresenceError } from '../wire/errors';
import { isOriginAllowed } from './origin';

export const SOCKET_PATH = '/api/v1/ws';

export interface AdmissionOptions {
  readonly access: Access;
  /** Origins of browsers let in besides the node's own; `*` is any. */
  readonly origins: readonly string[];
  /** Proxies before this node, each of which adds the address it sees to X-Forwarded-For. */
  readonly proxies: number;
}

/**
 * Looks at a request to open a WebSocket. Called by PresenceSocket, before the connection is upgraded.
 *
 * @returns undefined for a client that has to say in its first frame who it is
 * @throws PresenceError as it is answered
 */
export async function admit(
  req: http.IncomingMessage,
  { access, origins, proxies }: AdmissionOptions,
): Promise<Caller | undefined> {
  if (req.url?.split('?', 1)[0] !== SOCKET_PATH) {
    throw new PresenceError('NOT_FOUND', 'there is nothing at this address');
  }
  if (!isOriginAllowed(req.headers, origins)) {
    throw new PresenceError(
      'ORIGIN_NOT_ALLOWED',
      'pages of this origin may not connect; CORS_ORIGINS names those that may',
    );
  }
  const address = addressOf(req, proxies);
  const { authorization, 'x-auth-token': token } = req.headers;
  if (authorization === undefined && token === undefined) {
    access.refuseIfUsedUp(address);
    return undefined;
  }
  return access.callerOf(req.headers, address);
}
