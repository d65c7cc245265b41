import { isUtf8 } from 'node:buffer';
import type http from 'node:http';
import type { Context } from 'moleculer';
import { PresenceError } from '../wire/errors';
import { allows, type Caller } from './access';
import { sendProblem } from './answer-problem';
import { problemOf } from './problems';
import { readQuery } from './query';
import { hasTag, type RequestParts, type Route } from './route';
import { API_PATH, ROUTES } from './routes';

/** A request as the gateway hands it on, with what was found out about it before. */
export interface ApiRequest extends http.IncomingMessage {
  /** Who asks; set before the gateway sees it. */
  caller?: Caller;
  $params?: { params?: Record<string, string>; body?: unknown };
  $alias?: { readonly route?: unknown; readonly presence?: string };
  $ctx?: GatewayContext;
  body?: unknown;
  originalUrl?: string;
}

interface AnswerMeta {
  $location?: string;
}

type GatewayContext = Context<unknown, AnswerMeta>;

const BY_ID = new Map(ROUTES.map((route) => [route.id, route]));
const routeOf = (req: ApiRequest): Route => BY_ID.get(req.$alias!.presence!)!;
/** What was asked for; the gateway cuts its own path off `url`. Not parsed as a URL: it need not be one. */
function partsOfUrl(req: ApiRequest): readonly [path: string, query: string] {
  const url = req.originalUrl ?? req.url ?? '/';
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** Of a request, without its query. */
export const pathOf = (req: ApiRequest): string => partsOfUrl(req)[0];

/** The routes as moleculer-web takes them: one table, nothing but what stands in it. Only what has an ETag is among those that it makes one for. */
export function gatewayRoutes(maxBody: string, onError: (...asked: never[]) => void): object[] {
  const [tagged, plain] = [ROUTES.filter(hasTag), ROUTES.filter((route) => !hasTag(route))];
  return [
    { ...gatewayRoute(tagged, maxBody, onError), name: 'tagged', etag: true },
    { ...gatewayRoute(plain, maxBody, onError), name: 'plain', etag: false },
  ];
}

function gatewayRoute(routes: readonly Route[], maxBody: string, onError: (...asked: never[]) => void): object {
  return {
    path: API_PATH,
    mappingPolicy: 'restrict',
    mergeParams: false,
    autoAliases: false,
    logging: false,
    bodyParsers: { json: { strict: true, inflate: false, limit: maxBody, type: isJson, verify: refuseUnlessUtf8 } },
    aliases: Object.fromEntries(
      routes.map(({ method, path, action, id }) => [
        `${method} ${path}`,
        action === undefined ? { handler: answerHere, presence: id } : { action, presence: id },
      ]),
    ),
    onBeforeCall: before,
    onAfterCall: after,
    onError,
  };
}

const partsOf = new WeakMap<object, RequestParts>();

/** Lets in who may, and makes the named arguments of the action. */
function before(ctx: GatewayContext, _route: object, req: ApiRequest): void {
  const [route, { caller }] = [routeOf(req), req];
  if (!caller) throw new PresenceError('UNAUTHENTICATED', 'a valid token is needed');
  // The gateway would answer 304 to `*`, also where something was done.
  if (!hasTag(route)) delete req.headers['if-none-match'];
  const parts: RequestParts = {
    caller,
    nodeID: ctx.broker.nodeID,
    path: req.$params?.params ?? {},
    query: readQuery(partsOfUrl(req)[1], route.query),
    body: route.body ? bodyOf(req) : {},
  };
  refuseUnlessAllowed(route, parts);
  partsOf.set(req, parts);
  req.$params = route.arguments?.(parts) ?? {};
}

/** @throws PresenceError FORBIDDEN */
function refuseUnlessAllowed(route: Route, { caller, path }: RequestParts): void {
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

/** The parser takes other encodings too, and puts marks in the place of what is none. @throws PresenceError */
function refuseUnlessUtf8(_req: unknown, _res: unknown, bytes: Buffer, encoding: string): void {
  if (encoding !== 'utf-8') {
    throw new PresenceError('UNSUPPORTED_MEDIA_TYPE', 'a body must be application/json in UTF-8');
  }
  if (!isUtf8(bytes)) throw new PresenceError('MALFORMED_JSON', 'the body is no UTF-8');
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
    ctx.meta.$location = `${pathOf(req).replace(/\/$/, '')}/${encodeURIComponent(id)}`;
  }
  res.setHeader('cache-control', 'private, no-cache');
  linkToNext(route, answer, req, res);
  return answer ?? {};
}

interface Gateway {
  sendResponse(req: ApiRequest, res: http.ServerResponse, data: unknown): void;
}

/** What no action is asked for. */
function answerHere(this: Gateway, req: ApiRequest, res: http.ServerResponse): void {
  this.sendResponse(req, res, after(req.$ctx!, {}, req, res, undefined));
}

function linkToNext({ pagesBy }: Route, answer: unknown, req: ApiRequest, res: http.ServerResponse): void {
  const next = (answer as { next?: unknown } | null)?.next;
  if (!pagesBy || typeof next !== 'string') return;
  const [path, query] = partsOfUrl(req);
  const parameters = new URLSearchParams(query);
  parameters.set(pagesBy, next);
  res.setHeader('link', `<${path}?${parameters.toString()}>; rel="next"`);
}

/** Answers a problem, whatever was thrown. */
export function answerProblem(req: ApiRequest, res: http.ServerResponse, thrown: unknown): void {
  sendProblem(res, problemOf(thrown, req.$alias?.presence ? routeOf(req).names : undefined));
}
