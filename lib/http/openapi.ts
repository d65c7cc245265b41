import { STATUS_CODES } from 'node:http';
import { COMPONENTS, headers, RATE_HEADERS } from './components';
import { OUTSIDE_PATHS } from './openapi-outside';
import { problemResponses, securityOf } from './openapi-problems';
import { hasTag, problemsOf, type Route } from './route';
import { API_PATH, ROUTES } from './routes';
import { ID } from './schemas';

const DESCRIPTION = `Who is online, away, busy or offline.

Errors are problems (RFC 9457): programs compare \`code\`. What is no request to any of these paths gets one too: \`NOT_FOUND\`, \`METHOD_NOT_ALLOWED\` (\`Allow\` says what there is),
\`MALFORMED_REQUEST\`, \`EXPECTATION_FAILED\`, \`REQUEST_TOO_SLOW\`, \`HEADERS_TOO_LARGE\`. HEAD is answered as GET, without a body. Changes as they happen: a WebSocket at \`${API_PATH}/ws\`.`;

/** The OpenAPI 3.1 document of everything that is answered over HTTP, made of the very table that the gateway is made of. */
export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) {
    const path = `${API_PATH}${route.path.replace(/:(\w+)/g, '{$1}')}`;
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Presence', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags: [...new Set(ROUTES.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: { ...paths, ...OUTSIDE_PATHS },
    components: COMPONENTS,
  };
}

function operationOf(route: Route): object {
  const { id, summary, tag, scope, isForOneself, body } = route;
  return {
    operationId: id,
    summary,
    tags: [tag],
    description: `Scope \`${scope}\`${isForOneself ? ', or the user himself' : ''}.`,
    security: securityOf(scope),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: { ...goodResponses(route), ...problemResponses(problemsOf(route)) },
  };
}

function goodResponses(route: Route): object {
  const { status = 200, answer, pagesBy } = route;
  const reads = hasTag(route);
  const described = {
    ...RATE_HEADERS,
    ...(reads && headers('ETag')),
    ...(pagesBy && headers('Link')),
    ...(status === 201 && headers('Location')),
  };
  const good = {
    description: STATUS_CODES[status],
    headers: described,
    content: { 'application/json': { schema: answer } },
  };
  const same = { description: 'Not changed since the ETag given in If-None-Match', headers: headers('ETag') };
  return { [status]: good, ...(reads && { 304: same }) };
}

function pathParameters({ path }: Route): object[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: ID }));
}

function queryParameters(route: Route): object[] {
  const parameters = Object.entries(route.query ?? {}).map(([name, { description, schema, kind }]) => ({
    name,
    in: 'query',
    description,
    schema,
    ...(kind === 'list' && { style: 'form', explode: true }),
  }));
  const same = { name: 'If-None-Match', in: 'header', description: 'an ETag', schema: { type: 'string' } };
  return hasTag(route) ? [...parameters, same] : parameters;
}
