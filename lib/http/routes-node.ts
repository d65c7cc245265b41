import { HEALTH_PATH } from './health';
import type { Operation } from './operation';
import { arrayOf, oneOf, record, ref, TEXT } from './schema-parts';

const TAG = 'Node';

/** What concerns the node itself. Those without an action are answered by the gateway, by their id. */
export const NODE_ROUTES: readonly Operation[] = [
  {
    id: 'getMe',
    method: 'GET',
    path: '/api/v1/me',
    tag: TAG,
    summary: 'Whose token it is, and what it allows',
    scope: 'read',
    answer: record({ name: TEXT, scope: oneOf(['read', 'write', 'admin']), uid: TEXT }, ['name', 'scope']),
  },
  {
    id: 'listReplicas',
    method: 'GET',
    path: '/api/v1/replicas',
    tag: TAG,
    summary: 'The presence nodes on the bus; which leads, and which answers this',
    scope: 'read',
    action: 'presence.replicas',
    here: true,
    answer: record({ replicas: arrayOf(ref('Replica')) }),
  },
  {
    id: 'getHealth',
    method: 'GET',
    path: HEALTH_PATH,
    tag: TAG,
    summary: 'Whether the node works: `ok`, or `not healthy` with status 500; as JSON with the reasons',
    answer: ref('Health'),
  },
  {
    id: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    tag: TAG,
    summary: 'Metrics for Prometheus; without a token where METRICS_OPEN is true',
    scope: 'read',
    answer: TEXT,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    problems: ['METRICS_OFF'],
  },
  {
    id: 'getDocument',
    method: 'GET',
    path: '/openapi.json',
    tag: TAG,
    summary: 'This document',
    answer: { type: 'object' },
  },
];
