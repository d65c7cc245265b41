import http from 'node:http';
import { describeProblem } from './answer-problem';
import type { Problem } from './problems';
import { secure } from './security-headers';

/**
 * A problem as sendProblem answers it, for a connection that Node has no response for: of what is no request, and of a
 * WebSocket that is refused. It is the last answer of its connection.
 *
 * @param proxies as `secure` takes them
 * @param afterS seconds after which it may be tried again, where it is known
 */
export function rawProblem(req: http.IncomingMessage, problem: Problem, proxies: number, afterS?: number): string {
  const res = new http.ServerResponse(req);
  secure(req, res, proxies);
  if (afterS !== undefined) res.setHeader('retry-after', afterS);
  const body = describeProblem(res, problem);
  res.setHeader('date', new Date().toUTCString());
  res.setHeader('connection', 'close');
  const headers = Object.entries(res.getHeaders()).map(([name, value]) => `${name}: ${String(value)}`);
  return `${[`HTTP/1.1 ${problem.status} ${problem.title}`, ...headers].join('\r\n')}\r\n\r\n${body}`;
}
