import type http from 'node:http';
import type { Context } from 'moleculer';
import { PresenceError } from '../errors';
import { allows, type Caller } from './access';
import { PROBLEM_TYPE, problemOf } from './problems';
import { readQuery } from './query';
import type { RequestParts, Route } from './route';
import { API_PATH, methodsOf, ROUTES } from './routes';

/** A request as the gateway hands it on, with what was found out about it before. */
export interface ApiRequest extends http.IncomingMessage {
  /** Who asks; set before the gateway sees it. */
  caller?: Caller;
  $params?: { params?: Record<string, string>; body?: unknown };
  $alias?: { readonly route?: unknown; readonly presence?: string };
  body?: unknown;
  originalUrl?: string;
}

interface AnswerMeta {
  $statusCode?: number;
  $location?: string;
  $responseHeaders?: Record<string, string>;
}

type GatewayContext = Context<unknown, AnswerMeta>;

const BY_ID = new Map(ROUTES.map((route) => [route.id, route]));
const routeOf = (req: ApiRequest): Route => BY_ID.get(req.$alias!.presence!)!;
/** The gateway cuts its own path off `url`. */
const addressOf = (req: ApiRequest) => new URL(req.originalUrl ?? req.url ?? '/', 'http://localhost');

/** The routes as moleculer-web takes them: one table, nothing but what stands in it. */
export function gatewayRoute(maxBody: string): object {
  return {
    path: API_PATH,
    name: 'api',
    mappingPolicy: 'restrict',
    mergeParams: false,
    autoAliases: false,
    etag: true,
    logging: false,
    bodyParsers: { json: { strict: true, limit: maxBody, type: isJson } },
    aliases: Object.fromEntries(
      ROUTES.map(({ method, path, action, id }) => [`${method} ${path}`, { action, presence: id }]),
    ),
    onBeforeCall: before,
    onAfterCall: after,
    onError: answerProblem,
  };
}

const partsOf = new WeakMap<object, RequestParts>();

/** Lets in who may, and makes the named arguments of the action. */
function before(_ctx: GatewayContext, _route: object, req: ApiRequest): void {
  const route = routeOf(req);
  const parts: RequestParts = {
    path: req.$params?.params ?? {},
    query: readQuery(addressOf(req).search, route.query),
    body: route.body ? bodyOf(req) : {},
  };
  refuseUnlessAllowed(req.caller, route, parts);
  partsOf.set(req, parts);
  req.$params = route.arguments(parts);
}

/** @throws PresenceError FORBIDDEN */
function refuseUnlessAllowed(caller: Caller | undefined, route: Route, { path }: RequestParts): void {
  if (!caller) throw new PresenceError('UNAUTHENTICATED', 'a valid token is needed');
  const isOneself = route.isForOneself === true && caller.uid !== undefined && caller.uid === path.uid;
  if (!isOneself && !allows(caller, route.scope)) {
    throw new PresenceError('FORBIDDEN', `this needs the scope ${route.scope}`);
  }
}

function bodyOf(req: ApiRequest): Record<string, unknown> {
  const { body } = req;
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (hasBody && !isJson(req)) {
    throw new PresenceError('UNSUPPORTED_MEDIA_TYPE', 'a body must be application/json in UTF-8');
  }
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body)) {
    throw new PresenceError('MALFORMED_JSON', 'the body is no JSON object');
  }
  return body as Record<string, unknown>;
}

function isJson({ headers }: http.IncomingMessage): boolean {
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(headers['content-type'] ?? '');
}

/** Makes HTTP's answer of the action's. */
function after(ctx: GatewayContext, _route: object, req: ApiRequest, res: http.ServerResponse, data: unknown): unknown {
  const route = routeOf(req);
  const parts = partsOf.get(req)!;
  const answer = route.answerOf ? route.answerOf(data as never, parts) : data;
  res.statusCode = route.status ?? 200;
  if (route.status === 201) {
    const id = (answer as { id?: string }).id ?? '';
    ctx.meta.$location = `${addressOf(req).pathname.replace(/\/$/, '')}/${encodeURIComponent(id)}`;
  }
  res.setHeader('cache-control', 'no-cache');
  linkToNext(route, answer, req, res);
  return answer ?? {};
}

function linkToNext({ pagesBy }: Route, answer: unknown, req: ApiRequest, res: http.ServerResponse): void {
  const next = (answer as { next?: unknown } | null)?.next;
  if (!pagesBy || typeof next !== 'string') return;
  const address = addressOf(req);
  address.searchParams.set(pagesBy, next);
  res.setHeader('link', `<${address.pathname}${address.search}>; rel="next"`);
}

/** Answers a problem, whatever was thrown. */
export function answerProblem(req: ApiRequest, res: http.ServerResponse, thrown: unknown): void {
  if (res.headersSent) return void res.destroy();
  const problem = problemOf(methodFault(req, thrown));
  res.statusCode = problem.status;
  res.setHeader('content-type', PROBLEM_TYPE);
  res.setHeader('cache-control', 'no-store');
  if (problem.status === 401) res.setHeader('www-authenticate', 'Bearer realm="presence"');
  if (problem.code === 'METHOD_NOT_ALLOWED') res.setHeader('allow', methodsOf(addressOf(req).pathname).join(', '));
  res.end(JSON.stringify(problem));
}

/** An address that is there, but not for this method. */
function methodFault(req: ApiRequest, thrown: unknown): unknown {
  if (problemOf(thrown).code !== 'NOT_FOUND') return thrown;
  const methods = methodsOf(addressOf(req).pathname);
  if (methods.length === 0) return thrown;
  return new PresenceError('METHOD_NOT_ALLOWED', `this address takes ${methods.join(', ')}`);
}
