import { headers, RATE_HEADERS } from './components';
import { problemResponses, securityOf } from './openapi-problems';
import { ref } from './schemas';

const TAGS = ['node'];
const SAYS = { type: 'string' };
const healthContent = (text: string) => ({
  'text/plain': { schema: { const: text } },
  'application/json': { schema: ref('Health') },
});

/** Paths outside of the API's own. */
export const OUTSIDE_PATHS = {
  '/health': {
    get: {
      operationId: 'getHealth',
      summary: 'Whether the node serves; with `Accept: application/json` why not',
      tags: TAGS,
      security: [],
      responses: {
        200: { description: 'It does', content: healthContent('ok') },
        500: { description: 'It does not', content: healthContent('not healthy') },
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      summary: 'Metrics as Prometheus reads them; for anybody where METRICS_OPEN is true',
      tags: TAGS,
      description: 'Scope `read`.',
      security: [...securityOf('read'), {}],
      responses: {
        200: { description: 'OK', headers: RATE_HEADERS, content: { 'text/plain': { schema: SAYS } } },
        ...problemResponses(['UNAUTHENTICATED', 'RATE_LIMITED', 'AUTH_UNAVAILABLE', 'METRICS_OFF']),
      },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'getDocument',
      summary: 'This document',
      tags: TAGS,
      security: [],
      responses: {
        200: {
          description: 'OK',
          headers: headers('ETag'),
          content: { 'application/json': { schema: { type: 'object' } } },
        },
        304: { description: 'Not changed since the ETag given in If-None-Match', headers: headers('ETag') },
      },
    },
  },
};
