import type { ErrorCode } from '../wire/errors';
import { EXAMPLES } from './problem-examples';
import type { Schema } from './route';
import { ref } from './schemas';
import { CALLBACK_SCHEMAS } from './schemas-callbacks';
import { HISTORY_SCHEMAS } from './schemas-history';
import { NODE_SCHEMAS } from './schemas-node';
import { USER_SCHEMAS } from './schemas-users';

const SECONDS: Schema = { type: 'integer', minimum: 0 };

const HEADERS = {
  ETag: { description: 'of this very answer, for `If-None-Match`', schema: { type: 'string' } },
  Link: { description: 'the next page: `<…>; rel="next"`; absent on the last', schema: { type: 'string' } },
  Location: { description: 'where it is from now on', schema: { type: 'string', format: 'uri-reference' } },
  'Retry-After': { description: 'seconds after which to try again', schema: SECONDS },
  'RateLimit-Limit': { description: 'requests a minute; absent where there is no limit', schema: SECONDS },
  'RateLimit-Remaining': { description: 'what is left of them', schema: SECONDS },
  'RateLimit-Reset': { description: 'seconds until they begin anew', schema: SECONDS },
  'WWW-Authenticate': { description: 'how to say who asks', schema: { type: 'string' } },
};

type HeaderName = keyof typeof HEADERS;

/** References to headers of `components`, as answers list them. */
export function headers(...names: readonly HeaderName[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** How a caller stands, on everything that is answered to one who is known. */
export const RATE_HEADERS = headers('RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset');

/** What a problem of one of these codes, all of one status, looks like. */
export function problemContent(status: number, codes: readonly ErrorCode[]): object {
  const schema = { ...ref('Problem'), properties: { status: { const: status }, code: { enum: codes } } };
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
  return { 'application/problem+json': { schema, examples } };
}

/** What operations refer to. */
export const COMPONENTS = {
  schemas: { ...USER_SCHEMAS, ...HISTORY_SCHEMAS, ...CALLBACK_SCHEMAS, ...NODE_SCHEMAS },
  examples: EXAMPLES,
  headers: HEADERS,
  securitySchemes: {
    bearer: { type: 'http', scheme: 'bearer', description: 'one of API_TOKENS, or the token that the node has made' },
    userId: { type: 'apiKey', in: 'header', name: 'X-User-Id', description: 'a user of ROCKETCHAT_URL' },
    authToken: { type: 'apiKey', in: 'header', name: 'X-Auth-Token', description: 'and his login token there' },
  },
};
