import { DELIVERY_STATES } from '../../domain/callbacks';
import type { Route } from './route';
import { answer, listOf, object, POSITION, QUERY, ref, YES_OR_NO } from './schemas';
import { CALLBACK_FIELDS, SECRET, URL_TEXT } from './schemas-callbacks';

const AT = '/callbacks/:id';
const ADMIN = { tag: 'callbacks', scope: 'admin' } as const;

/** Who is called back at each change. */
export const CALLBACK_ROUTES: readonly Route[] = [
  {
    ...{ ...ADMIN, method: 'GET', path: '/callbacks', id: 'listCallbacks', action: 'callbacks.list' },
    summary: 'Everybody who is called back',
    arguments: () => ({}),
    answer: answer({ callbacks: listOf(ref('Callback')) }),
  },
  {
    ...{ ...ADMIN, method: 'POST', path: '/callbacks', id: 'registerCallback', action: 'callbacks.register' },
    summary: 'Registers an address; its secret is shown here only',
    body: object({ url: URL_TEXT, ...CALLBACK_FIELDS }),
    arguments: ({ body }) => body,
    status: 201,
    answer: ref('NewCallback'),
    problems: ['TARGET_REFUSED', 'TOO_MANY_CALLBACKS'],
  },
  {
    ...{ ...ADMIN, method: 'GET', path: AT, id: 'getCallback', action: 'callbacks.get' },
    summary: 'One of them',
    arguments: ({ path }) => path,
    answer: ref('Callback'),
    problems: ['UNKNOWN_CALLBACK'],
  },
  {
    ...{ ...ADMIN, method: 'PATCH', path: AT, id: 'updateCallback', action: 'callbacks.update' },
    summary: 'Changes what is given',
    body: object({ 'url?': URL_TEXT, ...CALLBACK_FIELDS }),
    arguments: ({ path, body }) => ({ ...body, id: path.id }),
    answer: ref('Callback'),
    problems: ['UNKNOWN_CALLBACK', 'TARGET_REFUSED'],
  },
  {
    ...{ ...ADMIN, method: 'DELETE', path: AT, id: 'removeCallback', action: 'callbacks.remove' },
    summary: 'Removes it, and what is on its way to it',
    arguments: ({ path }) => path,
    answerOf: (removed: boolean) => ({ removed }),
    answer: answer({ removed: YES_OR_NO }),
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
    answer: {
      test: ref('TestResult'),
      rotateSecret: answer({ secret: SECRET }),
      pause: ref('Callback'),
      resume: ref('Callback'),
    }[name],
    problems: ['UNKNOWN_CALLBACK'],
  })),
  {
    ...{ ...ADMIN, method: 'GET', path: `${AT}/deliveries`, id: 'listDeliveries', action: 'callbacks.deliveries' },
    summary: 'What is on its way, or was given up, the oldest change first',
    query: {
      state: QUERY.oneOf(DELIVERY_STATES, 'only those'),
      after: QUERY.next,
      limit: QUERY.limit,
    },
    arguments: ({ path, query }) => ({ ...query, id: path.id }),
    pagesBy: 'after',
    answer: answer({ deliveries: listOf(ref('Delivery')), 'next?': POSITION }),
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
    answerOf: (found: boolean) => ({ found }),
    answer: answer({ found: YES_OR_NO }),
    problems: ['UNKNOWN_CALLBACK'],
  },
];
