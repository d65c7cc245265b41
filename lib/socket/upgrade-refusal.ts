import type http from 'node:http';
import type { Duplex } from 'node:stream';
import { retryAfterOf } from '../http/access';
import { endConnection } from '../http/last-answer';
import { problemOf, type Problem } from '../http/problems';
import { rawProblem } from '../http/raw-problem';
import { PresenceError } from '../wire/errors';

/** Of a node that takes no more clients. */
export function stopping(): PresenceError {
  return new PresenceError('STOPPING', 'this node is stopping, call another');
}

/**
 * Tells a client why it gets no WebSocket: the answer is the one that REST gives for the same fault.
 *
 * @param proxies before this node
 * @returns what is told
 */
export function refuseUpgrade(req: http.IncomingMessage, stream: Duplex, thrown: unknown, proxies: number): Problem {
  const problem = problemOf(thrown);
  if (!stream.destroyed) endConnection(stream, rawProblem(req, problem, proxies, retryAfterOf(thrown)));
  return problem;
}
