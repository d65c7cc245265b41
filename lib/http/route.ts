import type { ErrorCode } from '../wire/errors';
import type { FieldNames } from './problems';
import type { Caller, Scope } from './access';

/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** How a parameter of the query is read: as it is, as a whole number, or as a list (repeated, or with commas). */
export type QueryKind = 'text' | 'whole' | 'list';

export interface QueryParameter {
  readonly kind: QueryKind;
  readonly description: string;
  readonly schema: Schema;
}

/** What a request brings along, read and named. */
export interface RequestParts {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** An object, empty where there is no body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  /** The node that was asked. */
  readonly nodeID: string;
}

/** One thing that can be asked for over HTTP. The gateway and the OpenAPI document are both made of these. */
export interface Route {
  readonly method: Method;
  /** Under /api/v1, e.g. `/users/:uid`. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  /** The action that answers, and its named arguments. Without one, `answerOf` alone does. */
  readonly action?: string;
  readonly arguments?: (parts: RequestParts) => object;
  /** What of the action's parameters goes by another name here. */
  readonly names?: FieldNames;
  readonly scope: Scope;
  /** Whether a caller who is a user may do it to himself (`:uid`), whatever his scope. */
  readonly isForOneself?: boolean;
  readonly query?: Readonly<Record<string, QueryParameter>>;
  readonly body?: Schema;
  /** Of the answer; 200 unless said otherwise. */
  readonly status?: 200 | 201;
  readonly answer: Schema;
  /** What the action's answer looks like over HTTP, where it is not the same. */
  readonly answerOf?: (answer: never, parts: RequestParts) => unknown;
  /** Whether it tells the time at which it was made, or counts until then: then no two answers are the same, and an ETag is of no use. */
  readonly isOfItsMoment?: boolean;
  /** The parameter that leads to the next page, whose value the answer has as `next`. */
  readonly pagesBy?: string;
  /** Besides those that follow from the rest. */
  readonly problems?: readonly ErrorCode[];
}

/** Whether an answer has an ETag: one that reads, and may be the same again. */
export function hasTag({ method, isOfItsMoment }: Route): boolean {
  return method === 'GET' && !isOfItsMoment;
}

/** Whoever asks, whatever for. */
const EVERYBODY: readonly ErrorCode[] = ['UNAUTHENTICATED', 'RATE_LIMITED', 'INVALID_ARGUMENT', 'AUTH_UNAVAILABLE'];

/** Where others are asked: the service that does it, its store, or the replica that keeps the state. */
const OF_ACTIONS: readonly ErrorCode[] = [
  'BUSY',
  'STOPPING',
  'STORE_UNAVAILABLE',
  'KEEPER_UNAVAILABLE',
  'UNAVAILABLE',
  'TIMEOUT',
];

const OF_BODIES: readonly ErrorCode[] = ['MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

/** Every code that a route lists in the document. */
export function problemsOf({ path, scope, action, body, problems = [] }: Route): readonly ErrorCode[] {
  return [
    ...EVERYBODY,
    ...(scope === 'read' ? [] : (['FORBIDDEN'] as const)),
    ...(path.includes(':') ? (['MALFORMED_REQUEST'] as const) : []),
    ...(body ? OF_BODIES : []),
    ...problems,
    ...(action === undefined ? [] : OF_ACTIONS),
  ];
}
