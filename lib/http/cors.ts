import type http from 'node:http';

const MAY_SEND = 'authorization, content-type, if-none-match, x-auth-token, x-user-id';
const MAY_SEE =
  'etag, link, location, retry-after, ratelimit-limit, ratelimit-policy, ratelimit-remaining, ratelimit-reset';
/** Seconds a browser need not ask again. */
const REMEMBERED_FOR = '600';

/** Says whether the page of a browser may see the answer. @param origins that may; absent: none */
export function allowOrigin(
  origins: readonly string[] | undefined,
  req: http.IncomingMessage,
  res: http.ServerResponse,
): void {
  if (!origins) return;
  res.appendHeader('vary', 'origin');
  const { origin } = req.headers;
  if (!origin || !(origins.includes('*') || origins.includes(origin))) return;
  res.setHeader('access-control-allow-origin', origins.includes('*') ? '*' : origin);
  res.setHeader('access-control-expose-headers', MAY_SEE);
}

/** Answers OPTIONS: what the path knows and, where its origin may, that a page may ask for it. */
export function answerOptions(req: http.IncomingMessage, res: http.ServerResponse, methods: readonly string[]): void {
  const allow = [...methods, 'OPTIONS'].join(', ');
  res.setHeader('allow', allow);
  if (res.hasHeader('access-control-allow-origin') && req.headers['access-control-request-method']) {
    res.setHeader('access-control-allow-methods', allow);
    res.setHeader('access-control-allow-headers', MAY_SEND);
    res.setHeader('access-control-max-age', REMEMBERED_FOR);
  }
  res.writeHead(204).end();
}
