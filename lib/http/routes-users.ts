import type { SetStatusResult } from '../desk/batch-set-status';
import { idIn } from '../desk/batch';
import type { UpsertResult } from '../desk/batch-upsert';
import type { RemoveResult } from '../desk/batch-remove';
import { PresenceError } from '../wire/errors';
import { codeAndDetail } from './problems';
import type { Route } from './route';
import { answer, BATCH, ID, listOf, MOMENT, object, POSITION, QUERY, ref, STATUS, TEXT, YES_OR_NO } from './schemas';
import { ANY_PRESENCE } from './schemas-users';

const STATUS_TEXT = { type: 'string', maxLength: 16_384, description: 'shown up to 120 characters; empty: none' };
const STATUS_FIELDS = { 'status?': STATUS, 'text?': STATUS_TEXT, 'expiresAt?': MOMENT };
/** A text alone leaves the status as it is. */
const STATUS_OR_TEXT = { anyOf: [{ required: ['status'] }, { required: ['text'] }] };
const USER_BODY = object({
  _id: ID,
  'username?': ID,
  'name?': { type: 'string', maxLength: 1024 },
  'type?': { type: 'string', minLength: 1, maxLength: 32 },
  'roles?': listOf(ID, { maxItems: 200 }),
});

const SCHEDULE_BODY = {
  ...object({
    status: STATUS,
    'text?': STATUS_TEXT,
    'startsAt?': MOMENT,
    'endsAt?': MOMENT,
    'weekly?': ref('WeeklyHours'),
    'timeZone?': { ...TEXT, maxLength: 64, default: 'UTC' },
  }),
  description:
    'once: `startsAt` and `endsAt`; every week: `weekly`, as the clocks of `timeZone` show it, from `startsAt` to `endsAt` if given',
  anyOf: [{ required: ['startsAt', 'endsAt'] }, { required: ['weekly'] }],
};

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

/** One result of a batch, in the names and with the codes of HTTP. */
function resultOf(result: SetStatusResult): object {
  if (result.ok) return result;
  const { uid, error } = result;
  const { code, detail } = codeAndDetail({ type: error.code, message: error.message }, CLAIM_NAMES);
  return { uid, ok: false, error: { code, message: detail } };
}

/** One item of a batch; what is no object is left for the action to refuse by itself. */
function itemOf(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  return { uid: (item as { uid?: unknown }).uid, ...claimOf(item) };
}

/** Whom a result is about, also where the item named them as all else over HTTP does. */
function uidOf({ _id }: UpsertResult, item: unknown): string | undefined {
  return _id ?? idIn(item, 'uid');
}

/** Of the one user that was to be removed. */
function removedOf([result]: readonly RemoveResult[]): object {
  if (result?.ok) return { uid: result._id, removed: result.removed };
  const { code = 'INTERNAL', message = '' } = result?.error ?? {};
  const data = code === 'INVALID_ARGUMENT' ? { field: 'uid' } : undefined;
  throw new PresenceError(codeAndDetail({ type: code }, {}).code, message, data);
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
      after: QUERY.next,
      limit: QUERY.limit,
    },
    arguments: ({ query }) => query,
    pagesBy: 'after',
    answer: answer({ users: listOf(ref('Presence')), 'next?': POSITION }),
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
    body: object({ uids: listOf(ID, BATCH) }),
    arguments: ({ body }) => ({ uids: body.uids }),
    answerOf: (users: unknown) => ({ users }),
    answer: answer({ users: listOf(ANY_PRESENCE) }),
  },
  {
    ...{ method: 'PUT', path: '/users/:uid/status', id: 'setStatus', tag: 'users', scope: 'write' },
    action: 'presence.setStatus',
    isForOneself: true,
    summary: 'Sets the status or the text of a user, or both; `online` without a text takes everything back',
    body: { ...object(STATUS_FIELDS), ...STATUS_OR_TEXT },
    arguments: ({ path, body }) => ({ uid: path.uid, ...claimOf(body) }),
    names: CLAIM_NAMES,
    answerOf: (accepted: boolean) => ({ accepted }),
    answer: answer({ accepted: YES_OR_NO }),
    problems: ['EXPIRY_NOT_IN_FUTURE', 'PRESENCE_DISABLED', 'CONFLICT', 'ROCKETCHAT_REFUSED', 'ROCKETCHAT_UNAVAILABLE'],
  },
  {
    ...{ method: 'POST', path: '/users/status', id: 'setStatusMany', tag: 'users', scope: 'write' },
    action: 'presence.setStatusMany',
    summary: 'The same of up to 1,000 users; one result an item, in order',
    body: object({ items: listOf({ ...object({ uid: ID, ...STATUS_FIELDS }), ...STATUS_OR_TEXT }, BATCH) }),
    arguments: ({ body }) => ({ items: Array.isArray(body.items) ? body.items.map(itemOf) : body.items }),
    answerOf: (results: readonly SetStatusResult[]) => ({ results: results.map(resultOf) }),
    answer: answer({ results: listOf(ref('StatusResult')) }),
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
    body: object({ users: listOf(USER_BODY, BATCH) }),
    arguments: ({ body }) => ({ users: body.users }),
    answerOf: (results: readonly UpsertResult[], { body }) => ({
      results: results.map((result, i) => ({ uid: uidOf(result, (body.users as unknown[])[i]), ...result })),
    }),
    answer: answer({ results: listOf(ref('UpsertResult')) }),
  },
  {
    ...{ method: 'DELETE', path: '/users/:uid', id: 'removeUser', tag: 'users', scope: 'admin' },
    action: 'presence.removeUsers',
    summary:
      'Removes a user from an embedded store: sessions, claims and schedules end, and the user is told as offline',
    arguments: ({ path }) => ({ uids: [path.uid] }),
    answerOf: removedOf,
    answer: answer({ uid: ID, removed: YES_OR_NO }),
    problems: ['USERS_NOT_OURS', 'CONFLICT'],
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
    answer: { oneOf: [ref('Claims'), ref('UnknownPresence')] },
  },
  {
    ...{ method: 'GET', path: '/users/:uid/schedules', id: 'listSchedules', tag: 'claims', scope: 'read' },
    action: 'presence.schedules',
    summary: 'Claims of a user that begin by themselves',
    arguments: ({ path }) => path,
    answerOf: (schedules: unknown) => ({ schedules }),
    answer: answer({ schedules: listOf(ref('Schedule')) }),
  },
  {
    ...{ method: 'POST', path: '/users/:uid/schedules', id: 'addSchedule', tag: 'claims', scope: 'write' },
    action: 'presence.schedule',
    isForOneself: true,
    summary: 'Schedules a claim, once or every week',
    body: SCHEDULE_BODY,
    arguments: ({ path, body: { status, text, ...times } }) => ({
      ...times,
      uid: path.uid,
      claim: { statusDefault: status, statusText: text },
    }),
    names: { 'claim.statusDefault': 'status', 'claim.statusText': 'text' },
    status: 201,
    answer: ref('Schedule'),
    problems: ['UNKNOWN_USER', 'TOO_MANY_SCHEDULES', 'NOT_OWNER'],
  },
  {
    ...{ method: 'DELETE', path: '/users/:uid/schedules/:id', id: 'cancelSchedule', tag: 'claims', scope: 'write' },
    action: 'presence.cancelSchedule',
    isForOneself: true,
    summary: 'Cancels a scheduled claim; if it holds now it ends at once',
    arguments: ({ path }) => path,
    answerOf: (cancelled: boolean) => ({ cancelled }),
    answer: answer({ cancelled: YES_OR_NO }),
    problems: ['CONFLICT'],
  },
  {
    ...{ method: 'GET', path: '/users/:uid/explain', id: 'explainUser', tag: 'operators', scope: 'admin' },
    action: 'presence.explain',
    summary: 'Why a user is shown so',
    arguments: ({ path }) => path,
    answer: { oneOf: [ref('Explanation'), ref('UnknownUser')] },
    isOfItsMoment: true,
  },
];
