import type http from 'node:http';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS = 'authorization, content-type, if-none-match, x-user-id, x-auth-token';
const ANSWER_HEADERS = 'etag, link, location, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset';
const PREFLIGHT_FOR_S = 600;

/**
 * Lets pages of other origins in, if they are among those given. Credentials of browsers (cookies) are never taken.
 *
 * @param origins none where absent; `*` among them stands for every one
 * @returns whether the request was a preflight, which is answered by this
 */
export function crossOrigin(
  origins: readonly string[] | undefined,
  req: http.IncomingMessage,
  res: http.ServerResponse,
): boolean {
  const { origin } = req.headers;
  if (!origins || origin === undefined) return false;
  res.setHeader('vary', 'origin');
  const isAny = origins.includes('*');
  if (!isAny && !origins.includes(origin)) return false;
  res.setHeader('access-control-allow-origin', isAny ? '*' : origin);
  res.setHeader('access-control-expose-headers', ANSWER_HEADERS);
  if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return false;
  res.setHeader('access-control-allow-methods', METHODS);
  res.setHeader('access-control-allow-headers', REQUEST_HEADERS);
  res.setHeader('access-control-max-age', PREFLIGHT_FOR_S);
  res.writeHead(204).end();
  return true;
}
