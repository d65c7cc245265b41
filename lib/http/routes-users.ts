import { MAX_BATCH_ITEMS } from '../contract';
import type { Route } from './route';
import { ANY_PRESENCE, ID, listOf, MOMENT, object, PRESENCE, QUERY, STATUS } from './schemas';

const SOME: object = { minItems: 1, maxItems: MAX_BATCH_ITEMS };
const STATUS_BODY = { 'text?': { type: 'string' }, 'expiresAt?': MOMENT, status: STATUS };
const ONE_RESULT = {
  type: 'object',
  properties: { ok: { type: 'boolean' }, error: object({ code: { type: 'string' }, message: { type: 'string' } }) },
  required: ['ok'],
};
const PERIOD = object({ startsAt: MOMENT, 'endsAt?': MOMENT });
const SCHEDULE = object({
  id: ID,
  uid: ID,
  status: STATUS,
  'text?': { type: 'string' },
  'source?': { type: 'string' },
  'startsAt?': MOMENT,
  'endsAt?': MOMENT,
  'weekly?': { type: 'object' },
  'timeZone?': { type: 'string' },
  'running?': PERIOD,
  'next?': PERIOD,
});

interface StatusItem {
  readonly status?: unknown;
  readonly text?: unknown;
  readonly expiresAt?: unknown;
}

/** HTTP's short names to those of the claim. */
const claimOf = ({ status, text, expiresAt }: StatusItem) => ({
  statusDefault: status,
  statusText: text,
  statusExpiresAt: expiresAt,
});

const CLAIM_NAMES = { statusDefault: 'status', statusText: 'text', statusExpiresAt: 'expiresAt' };

/** One item of a batch; what is no object is left for the action to refuse by itself. */
function itemOf(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  return { uid: (item as { uid?: unknown }).uid, ...claimOf(item) };
}

/** Reads and writes of users' presence. */
export const USER_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: '/users/:uid', id: 'getUser', tag: 'users', scope: 'read', action: 'presence.get' },
    summary: 'The presence of one user',
    arguments: ({ path }) => path,
    answer: ANY_PRESENCE,
  },
  {
    ...{ method: 'GET', path: '/users', id: 'listUsers', tag: 'users', scope: 'read', action: 'presence.list' },
    summary: 'Users by status, role and time of the last change, a page at a time',
    query: {
      status: QUERY.statuses,
      role: QUERY.text('users that have this role'),
      since: QUERY.moment('what is shown of them changed then or later'),
      after: QUERY.text('the next page: `next` of the one before'),
      limit: QUERY.limit,
    },
    arguments: ({ query }) => query,
    pagesBy: 'after',
    answer: object({ users: listOf(PRESENCE), 'next?': ID }),
  },
  {
    ...{
      method: 'POST',
      path: '/users/query',
      id: 'queryUsers',
      tag: 'users',
      scope: 'read',
      action: 'presence.getMany',
    },
    summary: 'The presence of up to 1,000 users, in the order asked for',
    body: object({ uids: listOf(ID, SOME as never) }),
    arguments: ({ body }) => ({ uids: body.uids }),
    answerOf: (users: unknown) => ({ users }),
    answer: object({ users: listOf(ANY_PRESENCE) }),
  },
  {
    ...{ method: 'PUT', path: '/users/:uid/status', id: 'setStatus', tag: 'users', scope: 'write' },
    action: 'presence.setStatus',
    isForOneself: true,
    summary: 'Sets what a user says of himself; `online` without a text takes everything back',
    body: object(STATUS_BODY),
    arguments: ({ path, body }) => ({ uid: path.uid, ...claimOf(body) }),
    names: CLAIM_NAMES,
    answerOf: (accepted: boolean) => ({ accepted }),
    answer: object({ accepted: { type: 'boolean' } }),
    problems: ['EXPIRY_NOT_IN_FUTURE', 'PRESENCE_DISABLED'],
  },
  {
    ...{ method: 'POST', path: '/users/status', id: 'setStatusMany', tag: 'users', scope: 'write' },
    action: 'presence.setStatusMany',
    summary: 'The same of up to 1,000 users; one result an item, in order',
    body: object({ items: listOf(object({ uid: ID, ...STATUS_BODY }), SOME as never) }),
    arguments: ({ body }) => ({ items: Array.isArray(body.items) ? body.items.map(itemOf) : body.items }),
    answerOf: (results: unknown) => ({ results }),
    answer: object({ results: listOf(ONE_RESULT) }),
  },
  {
    ...{
      method: 'POST',
      path: '/users',
      id: 'upsertUsers',
      tag: 'users',
      scope: 'admin',
      action: 'presence.upsertUsers',
    },
    summary: 'Who the users of an embedded store are; one result a user, in order',
    body: object({ users: listOf({ type: 'object' }, SOME as never) }),
    arguments: ({ body }) => ({ users: body.users }),
    answerOf: (results: unknown) => ({ results }),
    answer: object({ results: listOf(ONE_RESULT) }),
    problems: ['USERS_NOT_OURS'],
  },
  {
    ...{
      method: 'GET',
      path: '/users/:uid/claims',
      id: 'getClaims',
      tag: 'claims',
      scope: 'read',
      action: 'presence.claims',
    },
    summary: 'Everything that is claimed of a user: what holds, and what waits behind it',
    arguments: ({ path }) => path,
    answer: { type: 'object', properties: { uid: ID }, required: ['uid'] },
  },
  {
    ...{ method: 'GET', path: '/users/:uid/schedules', id: 'listSchedules', tag: 'claims', scope: 'read' },
    action: 'presence.schedules',
    summary: 'Claims of a user that begin by themselves',
    arguments: ({ path }) => path,
    answerOf: (schedules: unknown) => ({ schedules }),
    answer: object({ schedules: listOf(SCHEDULE) }),
  },
  {
    ...{ method: 'POST', path: '/users/:uid/schedules', id: 'addSchedule', tag: 'claims', scope: 'write' },
    action: 'presence.schedule',
    isForOneself: true,
    summary: 'Schedules a claim, once or every week',
    body: {
      ...object({ status: STATUS, 'text?': { type: 'string' }, 'startsAt?': MOMENT, 'endsAt?': MOMENT }),
      description: '`endsAt`, or `weekly` {days: ["MO"], from: "09:00", to: "17:30"} with a `timeZone`',
    },
    arguments: ({ path, body: { status, text, ...times } }) => ({
      ...times,
      uid: path.uid,
      claim: { statusDefault: status, statusText: text },
    }),
    names: { 'claim.statusDefault': 'status', 'claim.statusText': 'text' },
    status: 201,
    answer: SCHEDULE,
    problems: ['UNKNOWN_USER', 'TOO_MANY_SCHEDULES', 'NOT_OWNER'],
  },
  {
    ...{ method: 'DELETE', path: '/users/:uid/schedules/:id', id: 'cancelSchedule', tag: 'claims', scope: 'write' },
    action: 'presence.cancelSchedule',
    isForOneself: true,
    summary: 'Cancels a scheduled claim; if it holds now it ends at once',
    arguments: ({ path }) => path,
    answerOf: (cancelled: boolean) => ({ cancelled }),
    answer: object({ cancelled: { type: 'boolean' } }),
  },
  {
    ...{ method: 'GET', path: '/users/:uid/explain', id: 'explainUser', tag: 'operators', scope: 'admin' },
    action: 'presence.explain',
    summary: 'Why a user is shown so',
    arguments: ({ path }) => path,
    answer: { type: 'object' },
  },
];
