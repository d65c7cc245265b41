import http from 'node:http';
import { Errors } from 'moleculer';
import { ERROR_CODES, type ErrorCode } from '../wire/errors';

/** An error as HTTP tells it (RFC 9457). `code` is stable, `detail` is for people. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly field?: string;
  readonly retryable: boolean;
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** What the libraries below throw, by their own codes. */
const BY_TYPE: Readonly<Record<string, ErrorCode>> = {
  'error-presence-disabled': 'PRESENCE_DISABLED',
  'entity.too.large': 'BODY_TOO_LARGE',
  'entity.parse.failed': 'MALFORMED_JSON',
  'encoding.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'charset.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'request.aborted': 'MALFORMED_REQUEST',
  'request.size.invalid': 'MALFORMED_REQUEST',
  UNABLE_DECODE_PARAM: 'MALFORMED_REQUEST',
  NOT_FOUND: 'NOT_FOUND',
  SERVICE_UNAVAILABLE: 'UNAVAILABLE',
  SERVICE_NOT_FOUND: 'UNAVAILABLE',
  SERVICE_NOT_AVAILABLE: 'UNAVAILABLE',
  REQUEST_TIMEOUT: 'TIMEOUT',
  QUEUE_FULL: 'BUSY',
};

const DETAILS: Partial<Readonly<Record<ErrorCode, string>>> = {
  BODY_TOO_LARGE: 'the body is longer than this node takes',
  MALFORMED_JSON: 'the body is no JSON object',
  UNSUPPORTED_MEDIA_TYPE: 'a body must be application/json in UTF-8',
  MALFORMED_REQUEST: 'the request cannot be read',
  PRESENCE_DISABLED: 'an administrator has disabled this user’s presence',
  NOT_FOUND: 'there is nothing at this address',
  UNAVAILABLE: 'nobody serves this at the moment',
  TIMEOUT: 'there was no answer in time',
  INTERNAL: 'something went wrong; the node’s log has it',
};

/** What errors of Moleculer and of the libraries below have. */
interface Thrown {
  readonly type?: unknown;
  readonly status?: unknown;
  readonly message?: string;
  readonly data?: unknown;
}

/** What a parameter of an action is called over HTTP, where that is another name. */
export type FieldNames = Readonly<Record<string, string>>;

/**
 * What of a thrown error may be told. Errors that nobody foresaw tell nothing of themselves.
 *
 * @param names of the action's parameters, which an action's error goes by
 */
export function problemOf(thrown: unknown, names: FieldNames = {}): Problem {
  const { data } = (thrown ?? {}) as Thrown;
  const { code, detail } = codeAndDetail(thrown, names);
  const field = (data as { field?: unknown } | undefined)?.field;
  const entry = ERROR_CODES[code];
  return {
    type: `/problems/${code}`,
    title: http.STATUS_CODES[entry.status] ?? 'Error',
    status: entry.status,
    code,
    detail,
    ...(typeof field === 'string' ? { field: inNames(field, names) } : {}),
    retryable: entry.retryable,
  };
}

/** The same of one item of a batch, for which a code and a text are all there is. */
export function codeAndDetail(
  thrown: unknown,
  names: FieldNames,
): { readonly code: ErrorCode; readonly detail: string } {
  const { type, status, message } = (thrown ?? {}) as Thrown;
  const code = codeOf(thrown, type, status);
  const isOurs = code === type && !(thrown instanceof Error && !(thrown instanceof Errors.MoleculerError));
  const said = isOurs ? (DETAILS[code] ?? message) : DETAILS[code];
  return { code, detail: inNames(said ?? code, names) };
}

function codeOf(thrown: unknown, type: unknown, status: unknown): ErrorCode {
  if (typeof type === 'string') {
    if (Object.hasOwn(BY_TYPE, type)) return BY_TYPE[type]!;
    if (Object.hasOwn(ERROR_CODES, type)) return type as ErrorCode;
  }
  if (thrown instanceof URIError) return 'MALFORMED_REQUEST';
  return status === 400 ? 'MALFORMED_REQUEST' : 'INTERNAL';
}

/** Every name of the action's in a text by the one that the caller used. */
function inNames(text: string, names: FieldNames): string {
  return Object.entries(names).reduce((said, [name, shown]) => said.replaceAll(name, shown), text);
}
