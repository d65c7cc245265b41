import type http from 'node:http';
import { ERROR_CODES, PresenceError, type ErrorCode } from '../errors';

/** RFC 9457, and what callers of this API go by: the stable code. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  /** The parameter it is about, e.g. `limit` or `items[3].status`. */
  readonly field?: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
}

/** The names of an action's parameters and those they have over HTTP, where they differ. */
export type FieldNames = Readonly<Record<string, string>>;

interface Thrown {
  readonly type?: unknown;
  readonly message?: unknown;
  readonly data?: { readonly field?: unknown; readonly reason?: unknown } | null;
}

export const PROBLEM_JSON = 'application/problem+json';

/** What Moleculer and Rocket.Chat's core throw, by our names. */
const FOREIGN: Readonly<Record<string, ErrorCode>> = {
  SERVICE_NOT_FOUND: 'UNAVAILABLE',
  SERVICE_NOT_AVAILABLE: 'UNAVAILABLE',
  REQUEST_REJECTED: 'UNAVAILABLE',
  BAD_GATEWAY: 'UNAVAILABLE',
  REQUEST_TIMEOUT: 'TIMEOUT',
  REQUEST_SKIPPED: 'TIMEOUT',
  QUEUE_FULL: 'BUSY',
  UNABLE_DECODE_PARAM: 'MALFORMED_REQUEST',
  'error-presence-disabled': 'PRESENCE_DISABLED',
};

/** Texts that say no more than a caller may know: where files and servers are is not his business. */
const DETAILS: Partial<Record<ErrorCode, string>> = {
  INTERNAL: 'a fault of this service; its log says more',
  UNAVAILABLE: 'the service that would do this is not there, try again',
  TIMEOUT: 'there was no answer in time, try again',
  STORE_UNAVAILABLE: 'the store cannot be read or written now, try again',
  PRESENCE_DISABLED: 'presence is disabled for this user',
  MALFORMED_REQUEST: 'this is no valid HTTP request',
};

/** The code of whatever was thrown: here, by an action, or by one on another node. INTERNAL for what nobody foresaw. */
export function codeOf(thrown: unknown): ErrorCode {
  const { type } = (thrown ?? {}) as Thrown;
  if (typeof type !== 'string') return 'INTERNAL';
  if (Object.hasOwn(ERROR_CODES, type)) return type as ErrorCode;
  return Object.hasOwn(FOREIGN, type) ? FOREIGN[type]! : 'INTERNAL';
}

/** @param names of the action's parameters, which the error goes by */
export function problemOf(thrown: unknown, names: FieldNames = {}): Problem {
  const code = codeOf(thrown);
  const { status, retryable } = ERROR_CODES[code];
  const { message, data } = (thrown ?? {}) as Thrown;
  const field = typeof data?.field === 'string' ? renamed(data.field, names) : undefined;
  const own = thrown instanceof PresenceError && code === 'MALFORMED_REQUEST' ? thrown.message : undefined;
  const detail = own ?? DETAILS[code] ?? inNames(typeof message === 'string' ? message : code, names);
  const title = code.charAt(0) + code.slice(1).toLowerCase().replaceAll('_', ' ');
  return { type: `/problems/${code}`, title, status, code, detail, ...(field ? { field } : {}), retryable };
}

/** Seconds after which what may succeed later is worth trying. */
const TRY_AGAIN_S = '1';

/** Answers with a problem, unless an answer has begun already. */
export function sendProblem(req: http.IncomingMessage, res: http.ServerResponse, problem: Problem): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  for (const name of ['etag', 'content-encoding', 'content-length', 'last-modified']) res.removeHeader(name);
  if (problem.status === 401) res.setHeader('www-authenticate', 'Bearer realm="presence"');
  if (problem.retryable && !res.hasHeader('retry-after')) res.setHeader('retry-after', TRY_AGAIN_S);
  const body = Buffer.from(JSON.stringify(problem));
  res.writeHead(problem.status, {
    'content-type': PROBLEM_JSON,
    'content-length': body.length,
    'cache-control': 'no-store',
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** `claim.statusDefault` is `status` by the names `{'claim.statusDefault': 'status'}`. */
function renamed(field: string, names: FieldNames): string {
  const found = Object.keys(names).find(
    (name) => field === name || (/^[.[]/.test(field.slice(name.length)) && field.startsWith(name)),
  );
  return found ? names[found]! + field.slice(found.length) : field;
}

/** Every name of the action's in a text by the one that the caller used. */
export function inNames(text: string, names: FieldNames): string {
  return Object.entries(names).reduce((said, [name, shown]) => said.replaceAll(name, shown), text);
}
