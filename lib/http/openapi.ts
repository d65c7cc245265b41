import { ERROR_CODES, type ErrorCode } from '../errors';
import { problemsOf, type JsonSchema, type Operation, type Parameter } from './operation';
import { PROBLEM_JSON } from './problem';
import { projectVersion } from './project-root';
import { OPERATIONS } from './routes';
import { ref, TEXT } from './schema-parts';
import { SCHEMAS } from './schemas';

type Responses = Record<string, JsonSchema>;

const DESCRIPTION = `Who is online, away, busy or offline, and what is said about it.

Times are ISO 8601, errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problems: go by their \`code\`. Lists have a
\`next\` in the body, and the same as \`Link: <…>; rel="next"\`. GET answers have an ETag.`;

const BEARER = { type: 'http', scheme: 'bearer', description: 'one of API_TOKENS, or the node’s own token' };
const USER_ID = { type: 'apiKey', in: 'header', name: 'X-User-Id', description: 'of Rocket.Chat, with X-Auth-Token' };
const AUTH_TOKEN = {
  type: 'apiKey',
  in: 'header',
  name: 'X-Auth-Token',
  description: 'of Rocket.Chat, with X-User-Id',
};

const FIXED_HEADERS: Readonly<Record<string, JsonSchema>> = {
  'WWW-Authenticate': { description: 'how to say who you are', schema: TEXT },
  'Retry-After': { description: 'seconds', schema: TEXT },
  Allow: { description: 'what the path knows', schema: TEXT },
};

/** The OpenAPI 3.1 document of the operations that the gateway has. */
export function openApiDocument(operations: readonly Operation[] = OPERATIONS): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[operation.method.toLowerCase()] = describe(operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Presence',
      version: projectVersion(),
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: './' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: { bearer: BEARER, userId: USER_ID, authToken: AUTH_TOKEN },
    },
  };
}

function describe(operation: Operation): JsonSchema {
  const { id, tag, summary, scope, own, inPath = {}, inQuery = {}, body } = operation;
  const needs = scope && `Scope \`${scope}\`${own ? '; of Rocket.Chat’s users everybody for himself' : ''}.`;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(needs ? { description: needs } : {}),
    security: scope ? [{ bearer: [] }, { userId: [], authToken: [] }] : [],
    parameters: [
      ...Object.entries(inPath).map(([name, parameter]) => describeParameter('path', name, parameter)),
      ...Object.entries(inQuery).map(([name, parameter]) => describeParameter('query', name, parameter)),
    ],
    ...(body ? { requestBody: describeBody(body) } : {}),
    responses: { ...succeeded(operation), ...failed(operation) },
  };
}

function describeParameter(where: 'path' | 'query', name: string, { schema, description }: Parameter): JsonSchema {
  return { in: where, name, description, schema, required: where === 'path' };
}

function describeBody({ members, required, example }: NonNullable<Operation['body']>): JsonSchema {
  const needed = required.length > 0 ? { required } : {};
  const schema = { type: 'object', properties: members, additionalProperties: false, ...needed };
  return { required: true, content: { 'application/json': { schema, example } } };
}

function succeeded({ status = 200, answer, contentType, method, pagesBy, location, id }: Operation): Responses {
  const headers: Record<string, JsonSchema> = {};
  if (method === 'GET' && id !== 'getHealth') headers.ETag = { schema: TEXT };
  if (pagesBy) headers.Link = { description: 'the next page', schema: TEXT };
  if (location) headers.Location = { schema: TEXT };
  const content = answer && { content: { [contentType ?? 'application/json']: { schema: answer } } };
  const responses: Responses = { [status]: { description: 'done', headers, ...content } };
  if (headers.ETag) responses[304] = { description: 'as it was: the ETag is that of If-None-Match' };
  if (id === 'getHealth') responses[500] = { description: 'not healthy', ...content };
  return responses;
}

function failed(operation: Operation): Responses {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of problemsOf(operation)) {
    const { status } = ERROR_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Responses = {};
  for (const [status, codes] of byStatus) responses[status] = describeProblem(codes);
  responses.default = describeProblem();
  return responses;
}

/** @param codes absent: any */
function describeProblem(codes?: readonly ErrorCode[]): JsonSchema {
  const schema = codes
    ? { allOf: [ref('Problem'), { type: 'object', properties: { code: { enum: codes } } }] }
    : ref('Problem');
  const headers = Object.entries(FIXED_HEADERS).filter(([name]) => codes && sends(name, codes));
  return {
    description: codes?.map((code) => `\`${code}\``).join(', ') ?? 'any other problem',
    ...(headers.length > 0 ? { headers: Object.fromEntries(headers) } : {}),
    content: { [PROBLEM_JSON]: { schema } },
  };
}

function sends(header: string, codes: readonly ErrorCode[]): boolean {
  if (header === 'WWW-Authenticate') return codes.includes('UNAUTHENTICATED');
  if (header === 'Allow') return codes.includes('METHOD_NOT_ALLOWED');
  return codes.some((code) => ERROR_CODES[code].retryable);
}
