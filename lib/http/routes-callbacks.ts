import { DELIVERY_STATES } from '../../domain/callbacks';
import { STATUSES } from '../../domain/types';
import { PresenceError } from '../errors';
import { LIMIT_QUERY, NEXT_QUERY } from './parameters';
import type { JsonSchema, Operation, Parameter } from './operation';
import { arrayOf, ID, oneOf, pageOf, record, ref, TEXT } from './schema-parts';

const PATH = '/api/v1/callbacks';
const ONE = `${PATH}/:id`;
const TAG = 'Callbacks';
const CALLBACK: Readonly<Record<string, Parameter>> = { id: { schema: ID, description: 'id of a callback' } };

const MEMBERS: Readonly<Record<string, JsonSchema>> = {
  url: { ...TEXT, maxLength: 2048 },
  name: { ...TEXT, maxLength: 200 },
  uids: { ...arrayOf(ID), maxItems: 1000, description: 'changes of these users alone; empty: of everybody' },
  statuses: { ...arrayOf(oneOf(STATUSES)), description: 'changes to these alone; empty: to any' },
  concurrency: { type: 'integer', minimum: 1, maximum: 16, default: 4, description: 'deliveries under way at once' },
};

/** @throws PresenceError NOT_FOUND */
const refuseUnless = (what: string) => (wasThere: unknown) => {
  if (wasThere !== true) throw new PresenceError('NOT_FOUND', `there is no such ${what}`);
  return undefined;
};

/** What is done to one callback by its id alone. */
function verb(id: string, name: string, action: string, summary: string, answer: JsonSchema): Operation {
  return {
    id,
    method: 'POST',
    path: `${ONE}/${name}`,
    tag: TAG,
    summary,
    scope: 'admin',
    action: `callbacks.${action}`,
    inPath: CALLBACK,
    answer,
    problems: ['UNKNOWN_CALLBACK'],
  };
}

const registrations: readonly Operation[] = [
  {
    id: 'listCallbacks',
    method: 'GET',
    path: PATH,
    tag: TAG,
    summary: 'All that are registered, the oldest first',
    scope: 'admin',
    action: 'callbacks.list',
    answer: record({ callbacks: arrayOf(ref('Callback')) }),
  },
  {
    id: 'addCallback',
    method: 'POST',
    path: PATH,
    tag: TAG,
    summary: 'Registers an address that is told of every change from now on, signed',
    scope: 'admin',
    action: 'callbacks.register',
    body: { required: ['url'], members: MEMBERS, example: { url: 'https://example.org/presence', statuses: ['busy'] } },
    status: 201,
    answer: ref('NewCallback'),
    location: ({ id }) => `callbacks/${encodeURIComponent(String(id))}`,
    problems: ['TARGET_REFUSED', 'TOO_MANY_CALLBACKS', 'NOT_OWNER'],
  },
  {
    id: 'getCallback',
    method: 'GET',
    path: ONE,
    tag: TAG,
    summary: 'One callback, and what is on its way to it',
    scope: 'admin',
    action: 'callbacks.get',
    inPath: CALLBACK,
    answer: ref('Callback'),
    problems: ['UNKNOWN_CALLBACK'],
  },
  {
    id: 'updateCallback',
    method: 'PATCH',
    path: ONE,
    tag: TAG,
    summary: 'What is not given stays; an empty name takes it away',
    scope: 'admin',
    action: 'callbacks.update',
    inPath: CALLBACK,
    body: { required: [], members: MEMBERS, example: { name: 'the door sign' } },
    answer: ref('Callback'),
    problems: ['TARGET_REFUSED', 'UNKNOWN_CALLBACK'],
  },
  {
    id: 'removeCallback',
    method: 'DELETE',
    path: ONE,
    tag: TAG,
    summary: 'Removes it, and what is on its way to it',
    scope: 'admin',
    action: 'callbacks.remove',
    inPath: CALLBACK,
    status: 204,
    toAnswer: refuseUnless('callback'),
    problems: ['NOT_FOUND'],
  },
];

const deliveries: readonly Operation[] = [
  {
    id: 'listDeliveries',
    method: 'GET',
    path: `${ONE}/deliveries`,
    tag: TAG,
    summary: 'What is on its way to a callback, the oldest change first, a page at a time',
    scope: 'admin',
    action: 'callbacks.deliveries',
    inPath: CALLBACK,
    inQuery: {
      state: { schema: oneOf([...DELIVERY_STATES, 'delivered']), description: 'these alone' },
      after: NEXT_QUERY,
      limit: LIMIT_QUERY,
    },
    pagesBy: 'after',
    answer: pageOf('deliveries', ref('Delivery')),
    problems: ['UNKNOWN_CALLBACK'],
  },
  {
    id: 'retryDelivery',
    method: 'POST',
    path: `${ONE}/deliveries/:delivery/retry`,
    tag: TAG,
    summary: 'Sends a delivery again',
    scope: 'admin',
    action: 'callbacks.retry',
    inPath: { ...CALLBACK, delivery: { schema: ID, description: 'id of a delivery' } },
    status: 204,
    toAnswer: refuseUnless('delivery'),
    problems: ['UNKNOWN_CALLBACK', 'NOT_FOUND'],
  },
];

export const CALLBACK_ROUTES: readonly Operation[] = [
  ...registrations,
  verb('testCallback', 'test', 'test', 'Sends something at once, and says what became of it', ref('TestResult')),
  verb(
    'rotateSecret',
    'rotate-secret',
    'rotateSecret',
    'A new secret; the old one signs beside it for a day',
    ref('Secret'),
  ),
  verb('pauseCallback', 'pause', 'pause', 'Nothing is sent until it is resumed; changes wait', ref('Callback')),
  verb('resumeCallback', 'resume', 'resume', 'Sends what waits', ref('Callback')),
  ...deliveries,
];
