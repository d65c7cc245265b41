import { CALLBACK_ROUTES } from './routes-callbacks';
import { NODE_ROUTES } from './routes-node';
import { HISTORY_ROUTES } from './routes-history';
import { USER_ROUTES } from './routes-users';
import type { Method, Route } from './route';

export const API_PATH = '/api/v1';

/** Everything that can be asked for under /api/v1. */
export const ROUTES: readonly Route[] = [...USER_ROUTES, ...HISTORY_ROUTES, ...CALLBACK_ROUTES, ...NODE_ROUTES];

const PATTERNS = ROUTES.map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${API_PATH}${path.replace(/:\w+/g, '[^/]+')}/?$`),
}));

/** @param path as in the request, without its query. @returns what may be done to it, HEAD with GET; nothing where it is none of ours */
export function methodsOf(path: string): readonly (Method | 'HEAD')[] {
  const methods = PATTERNS.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
}
