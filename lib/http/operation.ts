import type { ErrorCode } from '../errors';
import type { Scope } from './access';
import type { FieldNames } from './problem';

/** JSON Schema, dialect 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What is given to an action, or came with a request. */
export type Arguments = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly schema: JsonSchema;
  readonly description: string;
  /** How it is read of a query: one text, a whole number, or several words, repeated or with commas. Absent: one text. */
  readonly reads?: 'text' | 'whole' | 'words';
}

/** A JSON object of these members and no others. */
export interface Body {
  readonly required: readonly string[];
  readonly members: Readonly<Record<string, JsonSchema>>;
  readonly example: Arguments;
}

/** One method of one path: what the gateway does and what /openapi.json says of it. */
export interface Operation {
  /** Unique; also its name in the document. */
  readonly id: string;
  readonly method: Method;
  /** With `:name` for what varies. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** Absent: for everybody. */
  readonly scope?: Scope;
  /** The path parameter that names a user who may do this to himself, whatever his scope. */
  readonly own?: string;
  /** The action that does it; absent: the gateway itself does. */
  readonly action?: string;
  /** Asked of the presence service in this process alone. */
  readonly here?: boolean;
  readonly inPath?: Readonly<Record<string, Parameter>>;
  readonly inQuery?: Readonly<Record<string, Parameter>>;
  readonly body?: Body;
  /** The action's parameters, of those of path, query and body together. Absent: just those. */
  readonly toAction?: (given: Arguments) => Arguments;
  /** Names of the action's parameters that differ, for errors. */
  readonly names?: FieldNames;
  /** Absent: 200. */
  readonly status?: 200 | 201 | 204;
  /** Absent: there is none. */
  readonly answer?: JsonSchema;
  /** Absent: JSON. */
  readonly contentType?: string;
  /** What is told of the action's answer. Absent: just that. @throws PresenceError */
  readonly toAnswer?: (answered: unknown, given: Arguments) => unknown;
  /** Where what was made is found. */
  readonly location?: (answer: Arguments, given: Arguments) => string;
  /** The query parameter that continues a list at the `next` of its answer. */
  readonly pagesBy?: string;
  /** What the action may say besides what every operation may. */
  readonly problems?: readonly ErrorCode[];
}

/** What any operation may say that is not for everybody. */
const OF_CALLERS: readonly ErrorCode[] = ['UNAUTHENTICATED', 'RATE_LIMITED', 'AUTH_UNAVAILABLE'];
const OF_ACTIONS: readonly ErrorCode[] = ['UNAVAILABLE', 'TIMEOUT', 'BUSY', 'STORE_UNAVAILABLE', 'KEEPER_UNAVAILABLE'];
const OF_BODIES: readonly ErrorCode[] = [
  'MALFORMED_JSON',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'INVALID_ARGUMENT',
];

/** Every problem an operation may answer with, besides INTERNAL. */
export function problemsOf(operation: Operation): ErrorCode[] {
  const { scope, action, inPath, inQuery, body, problems = [] } = operation;
  const codes: ErrorCode[] = ['MALFORMED_REQUEST', ...problems];
  if (scope) codes.push(...OF_CALLERS);
  if (scope && scope !== 'read') codes.push('FORBIDDEN');
  if (action) codes.push(...OF_ACTIONS);
  if (body) codes.push(...OF_BODIES);
  if (inPath || inQuery) codes.push('INVALID_ARGUMENT');
  return [...new Set(codes)];
}
