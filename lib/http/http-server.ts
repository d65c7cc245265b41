import http from 'node:http';
import type { Socket } from 'node:net';
import { PresenceError, type ErrorCode } from '../wire/errors';
import { sendProblem } from './answer-problem';
import { PROBLEM_TYPE, problemOf } from './problems';

const SECOND = 1000;
/** The whole of a request. Slower ones hold a connection that others could have. */
const ARRIVES_WITHIN_MS = 30 * SECOND;
const HEAD_ARRIVES_WITHIN_MS = 10 * SECOND;
/** How soon it is noticed that one is late; Node would look twice a minute. */
const LOOK_EVERY_MS = SECOND;

/** What Node finds of what is no request. */
const FAULTS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'the head of the request is too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TOO_SLOW', 'the request did not arrive in time'],
};
const NO_REQUEST: readonly [ErrorCode, string] = ['MALFORMED_REQUEST', 'this is no HTTP request'];

/** A server that answers problems also to what never becomes a request. */
export function httpServer(answer: (req: http.IncomingMessage, res: http.ServerResponse) => void): http.Server {
  // Node would refuse a request without Host by itself, without a body.
  const options = { requireHostHeader: false, connectionsCheckingInterval: LOOK_EVERY_MS };
  const server = http.createServer(options, answer);
  server.requestTimeout = ARRIVES_WITHIN_MS;
  server.headersTimeout = HEAD_ARRIVES_WITHIN_MS;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => answerFault(error, socket));
  server.on('checkExpectation', (_req, res) => {
    sendProblem(res, problemOf(new PresenceError('EXPECTATION_FAILED', 'nothing but 100-continue can be expected')));
  });
  return server;
}

function answerFault({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [type, said] = FAULTS[code] ?? NO_REQUEST;
  const problem = problemOf(new PresenceError(type, said));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
