import { STATUSES } from '../../domain/types';
import type { Route, Schema } from './route';
import { ID, listOf, MOMENT, object, QUERY, STATUS } from './schemas';

const URL_TEXT = { type: 'string', format: 'uri' };
const FIELDS: Record<string, Schema> = {
  'uids?': listOf(ID),
  'statuses?': listOf(STATUS),
  'name?': { type: 'string', maxLength: 200 },
  'concurrency?': { type: 'integer', minimum: 1, maximum: 16 },
};
const CALLBACK = { type: 'object', properties: { id: ID, url: URL_TEXT }, required: ['id', 'url'] };
const WITH_SECRET = {
  ...CALLBACK,
  properties: { ...CALLBACK.properties, secret: { type: 'string' } },
  required: ['id', 'url', 'secret'],
};
const DELIVERY = object({
  id: { type: 'string' },
  uid: ID,
  to: { enum: [...STATUSES] },
  at: MOMENT,
  attempts: { type: 'integer' },
  state: { type: 'string' },
});

const AT = '/callbacks/:id';
const ADMIN = { tag: 'callbacks', scope: 'admin' } as const;

/** Who is called back at each change. */
export const CALLBACK_ROUTES: readonly Route[] = [
  {
    ...{ ...ADMIN, method: 'GET', path: '/callbacks', id: 'listCallbacks', action: 'callbacks.list' },
    summary: 'Everybody who is called back',
    arguments: () => ({}),
    answer: object({ callbacks: listOf(CALLBACK) }),
  },
  {
    ...{ ...ADMIN, method: 'POST', path: '/callbacks', id: 'registerCallback', action: 'callbacks.register' },
    summary: 'Registers an address; its secret is shown here only',
    body: object({ url: URL_TEXT, ...FIELDS }),
    arguments: ({ body }) => body,
    status: 201,
    answer: WITH_SECRET,
    problems: ['TARGET_REFUSED', 'TOO_MANY_CALLBACKS'],
  },
  {
    ...{ ...ADMIN, method: 'GET', path: AT, id: 'getCallback', action: 'callbacks.get' },
    summary: 'One of them',
    arguments: ({ path }) => path,
    answer: CALLBACK,
    problems: ['UNKNOWN_CALLBACK'],
  },
  {
    ...{ ...ADMIN, method: 'PATCH', path: AT, id: 'updateCallback', action: 'callbacks.update' },
    summary: 'Changes what is given',
    body: object({ 'url?': URL_TEXT, ...FIELDS }),
    arguments: ({ path, body }) => ({ ...body, id: path.id }),
    answer: CALLBACK,
    problems: ['UNKNOWN_CALLBACK', 'TARGET_REFUSED'],
  },
  {
    ...{ ...ADMIN, method: 'DELETE', path: AT, id: 'removeCallback', action: 'callbacks.remove' },
    summary: 'Removes it, and what is on its way to it',
    arguments: ({ path }) => path,
    answerOf: (removed: boolean) => ({ removed }),
    answer: object({ removed: { type: 'boolean' } }),
  },
  ...(['test', 'rotateSecret', 'pause', 'resume'] as const).map((name): Route => ({
    ...ADMIN,
    method: 'POST',
    path: `${AT}/${name === 'rotateSecret' ? 'rotate-secret' : name}`,
    id: `${name}Callback`,
    action: `callbacks.${name}`,
    summary: {
      test: 'Sends a signed `presence.test` at once, and tells what became of it',
      rotateSecret: 'Makes a new secret; the old one signs too for a day',
      pause: 'Keeps what would be sent until it is resumed',
      resume: 'Sends again, beginning with what was kept',
    }[name],
    arguments: ({ path }) => path,
    answer: { type: 'object' },
    problems: ['UNKNOWN_CALLBACK'],
  })),
  {
    ...{ ...ADMIN, method: 'GET', path: `${AT}/deliveries`, id: 'listDeliveries', action: 'callbacks.deliveries' },
    summary: 'What is on its way, or was given up, the oldest change first',
    query: {
      state: QUERY.text('`waiting` or `parked`'),
      after: QUERY.text('the next page: `next` of the one before'),
      limit: QUERY.limit,
    },
    arguments: ({ path, query }) => ({ ...query, id: path.id }),
    pagesBy: 'after',
    answer: object({ deliveries: listOf(DELIVERY), 'next?': { type: 'string' } }),
    problems: ['UNKNOWN_CALLBACK'],
  },
  {
    ...{
      ...ADMIN,
      method: 'POST',
      path: `${AT}/deliveries/:delivery/retry`,
      id: 'retryDelivery',
      action: 'callbacks.retry',
    },
    summary: 'Makes one that was given up due again',
    arguments: ({ path }) => path,
    answer: {},
    problems: ['UNKNOWN_CALLBACK'],
  },
];
