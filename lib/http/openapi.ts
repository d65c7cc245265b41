import { STATUS_CODES } from 'node:http';
import { ERROR_CODES, type ErrorCode } from '../errors';
import { problemsOf, type Route } from './route';
import { API_PATH, ROUTES } from './routes';
import { COMPONENTS, ID, PROBLEM } from './schemas';

/** The OpenAPI 3.1 document of everything under /api/v1, made of the very table that the gateway is made of. */
export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Presence',
      version,
      description: 'Who is online, away, busy or offline.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: API_PATH }],
    security: [{ bearer: [] }, { userId: [], authToken: [] }],
    paths,
    components: {
      schemas: COMPONENTS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        userId: { type: 'apiKey', in: 'header', name: 'X-User-Id' },
        authToken: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
      },
    },
  };
}

function operationOf(route: Route): object {
  const { id, summary, tag, scope, body, status = 200, answer } = route;
  return {
    operationId: id,
    summary,
    tags: [tag],
    description: `Scope \`${scope}\`${route.isForOneself ? ', or the user himself' : ''}.`,
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      [status]: { description: STATUS_CODES[status], content: { 'application/json': { schema: answer } } },
      ...(route.method === 'GET' && { 304: { description: 'Not changed since the ETag given in If-None-Match' } }),
      ...problemResponses(problemsOf(route)),
    },
  };
}

function pathParameters({ path }: Route): object[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: ID }));
}

function queryParameters({ query = {} }: Route): object[] {
  return Object.entries(query).map(([name, { description, schema, kind }]) => ({
    name,
    in: 'query',
    description,
    schema,
    ...(kind === 'list' && { style: 'form', explode: true }),
  }));
}

/** By status; the codes that may stand in each are told. */
function problemResponses(codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERROR_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, known]) => [
      status,
      {
        description: `${STATUS_CODES[status]}: ${known.map((code) => `\`${code}\``).join(', ')}`,
        content: { 'application/problem+json': { schema: PROBLEM } },
      },
    ]),
  );
}
