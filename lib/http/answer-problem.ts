import type http from 'node:http';
import { PROBLEM_TYPE, type Problem } from './problems';

/** Seconds after which what may succeed later is worth trying. */
const TRY_AGAIN_S = '1';
/** Of an answer that was meant to be another. */
const OF_ANOTHER = ['etag', 'link', 'location', 'content-encoding', 'last-modified'];

/** Answers with a problem, unless an answer has begun already. */
export function sendProblem(res: http.ServerResponse, problem: Problem): void {
  if (res.headersSent) return void res.destroy();
  res.end(describeProblem(res, problem));
}

/** Makes the head of an answer that of a problem. @returns its body */
export function describeProblem(res: http.ServerResponse, problem: Problem): string {
  for (const name of OF_ANOTHER) res.removeHeader(name);
  res.statusCode = problem.status;
  res.setHeader('content-type', PROBLEM_TYPE);
  res.setHeader('cache-control', 'no-store');
  if (problem.status === 401) res.setHeader('www-authenticate', 'Bearer realm="presence"');
  if (problem.retryable && !res.hasHeader('retry-after')) res.setHeader('retry-after', TRY_AGAIN_S);
  const text = JSON.stringify(problem);
  res.setHeader('content-length', Buffer.byteLength(text));
  return text;
}
