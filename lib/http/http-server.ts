import http from 'node:http';
import type { Socket } from 'node:net';
import { PresenceError, type ErrorCode } from '../wire/errors';
import { sendProblem } from './answer-problem';
import { Connections } from './connections';
import { endConnection } from './last-answer';
import { problemOf } from './problems';
import { rawProblem } from './raw-problem';
import { secure } from './security-headers';

const SECOND = 1000;
/** The whole of a request. Slower ones hold a connection that others could have. */
const ARRIVES_WITHIN_MS = 30 * SECOND;
const HEAD_ARRIVES_WITHIN_MS = 10 * SECOND;
/** How soon it is noticed that one is late; Node would look twice a minute. */
const LOOK_EVERY_MS = SECOND;
/** An answer of which nothing is read ends its connection after one to two of these. */
const UNREAD_MS = 6 * SECOND;
/** Longer than any proxy keeps an idle connection (nginx and ALB 60 s, Caddy 120 s): so it is never the node that ends one that is about to be used. */
const KEPT_FOR_MS = 130 * SECOND;

/** What Node finds of what is no request. */
const FAULTS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'the head of the request is too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TOO_SLOW', 'the request did not arrive in time'],
};
/** What is no page that is shown: how it came does not matter. */
const NO_PROXIES = 0;
const NO_REQUEST: readonly [ErrorCode, string] = ['MALFORMED_REQUEST', 'this is no HTTP request'];

/** A request that is upgraded to nothing but a WebSocket: what else it offers (curl: `h2c`) is left, and it is answered as it is. */
class Request extends http.IncomingMessage {
  private offersUpgrade: boolean | null = null;

  // Node sets it from the head, and looks at it once the headers are there.
  get upgrade(): boolean | null {
    return this.offersUpgrade === true && this.method !== 'CONNECT'
      ? this.headers.upgrade?.toLowerCase() === 'websocket'
      : this.offersUpgrade;
  }

  set upgrade(offersUpgrade: boolean | null) {
    this.offersUpgrade = offersUpgrade;
  }
}

/** A server that answers problems also to what never becomes a request, and keeps no connection that is not used. */
export function httpServer(
  answer: (req: http.IncomingMessage, res: http.ServerResponse) => void,
  connections = new Connections(),
): http.Server {
  // Node would refuse a request without Host by itself, without a body.
  const options = { requireHostHeader: false, connectionsCheckingInterval: LOOK_EVERY_MS, IncomingMessage: Request };
  const server = http.createServer(options, (req, res) => {
    connections.begin(req, res);
    // Node loses what came along with it, a next request: the client has to ask anew.
    if (req.headers.upgrade !== undefined) res.setHeader('connection', 'close');
    answer(req, res);
  });
  server.requestTimeout = ARRIVES_WITHIN_MS;
  server.headersTimeout = HEAD_ARRIVES_WITHIN_MS;
  server.keepAliveTimeout = KEPT_FOR_MS;
  server.timeout = UNREAD_MS;
  server.on('timeout', (socket: Socket) => endUnlessWorking(server, socket));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (socket.writableEnded) return; // it has been answered, and is about to go
    const isLost = error.code === 'ECONNRESET' || !socket.writable || !connections.canBeTold(socket);
    if (isLost) socket.destroy();
    else endConnection(socket, faultText(error, socket));
  });
  server.on('checkExpectation', (req: http.IncomingMessage, res: http.ServerResponse) => {
    connections.begin(req, res);
    secure(req, res, NO_PROXIES);
    sendProblem(res, problemOf(new PresenceError('EXPECTATION_FAILED', 'nothing but 100-continue can be expected')));
  });
  return server;
}

/** Of a connection on which nothing has moved: one that is kept idle has had its time, and so has one that does not read. */
function endUnlessWorking(server: http.Server, socket: Socket): void {
  const isKeptIdle = socket.timeout !== server.timeout;
  if (isKeptIdle || socket.writableLength > 0) socket.destroy();
  else socket.setTimeout(server.timeout); // an answer is being made, or Node's own time-outs will end it
}

function faultText({ code = '' }: NodeJS.ErrnoException, socket: Socket): string {
  const [type, said] = FAULTS[code] ?? NO_REQUEST;
  return rawProblem(new http.IncomingMessage(socket), problemOf(new PresenceError(type, said)), NO_PROXIES);
}
