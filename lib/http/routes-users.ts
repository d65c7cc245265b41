import { STATUSES } from '../../domain/types';
import { MAX_BATCH_ITEMS } from '../contract';
import { invalidArgument } from '../errors';
import { LIMIT_QUERY, NEXT_QUERY, STATUS_QUERY, UID } from './parameters';
import type { Arguments, JsonSchema, Operation } from './operation';
import { inNames, type FieldNames } from './problem';
import { isObject, refuseOthers } from './request';
import { arrayOf, ID, oneOf, pageOf, record, ref, STATUS_TEXT, TEXT, TIME } from './schema-parts';

const V1 = '/api/v1';
const TAG = 'Presence';
const OPTIONAL_TIME = { ...TIME, type: ['string', 'null'] };
const SAID = { status: oneOf(STATUSES), text: { ...STATUS_TEXT, type: ['string', 'null'] }, expiresAt: OPTIONAL_TIME };
const NAMES = { statusDefault: 'status', statusText: 'text', statusExpiresAt: 'expiresAt' };
const ID_NAME = { _id: 'uid' };
const STATUS_ITEM = { uid: ID, ...SAID };
const IDENTITY: Readonly<Record<string, JsonSchema>> = {
  uid: ID,
  username: ID,
  name: { ...TEXT, maxLength: 1024 },
  type: { ...TEXT, minLength: 1, maxLength: 32 },
  roles: { ...arrayOf(ID), maxItems: 200 },
};

const batchOf = (item: JsonSchema) => ({ ...arrayOf(item), minItems: 1, maxItems: MAX_BATCH_ITEMS });

const saidOf = ({ status, text, expiresAt }: Arguments) => ({
  statusDefault: status,
  statusText: text,
  statusExpiresAt: expiresAt,
});

/** The items of a batch as the action takes them; what is wrong with one by itself is told in its result. @throws PresenceError INVALID_ARGUMENT */
function itemsOf(name: string, items: unknown, members: object, made: (item: Arguments) => Arguments): unknown {
  if (!Array.isArray(items)) throw invalidArgument(name, 'must be a list');
  return items.map((item: unknown, i) => {
    if (!isObject(item)) return item;
    refuseOthers(item, members, `${name}[${i}].`);
    return made(item);
  });
}

interface Result {
  readonly uid?: string;
  readonly _id?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Results of a batch by the names that the caller used. */
const resultsOf = (names: FieldNames) => (results: unknown) => ({
  results: (results as Result[]).map(({ _id, uid = _id, error, ...result }) => ({
    uid,
    ...result,
    ...(error ? { error: { ...error, message: inNames(error.message, names) } } : {}),
  })),
});

const reads: readonly Operation[] = [
  {
    id: 'getUser',
    method: 'GET',
    path: `${V1}/users/:uid`,
    tag: TAG,
    summary: 'What is shown of a user',
    scope: 'read',
    action: 'presence.get',
    inPath: UID,
    answer: ref('PresenceOrUnknown'),
  },
  {
    id: 'queryUsers',
    method: 'POST',
    path: `${V1}/users/query`,
    tag: TAG,
    summary: 'What is shown of up to 1,000 users, in the order asked for',
    scope: 'read',
    action: 'presence.getMany',
    body: { required: ['uids'], members: { uids: batchOf(ID) }, example: { uids: ['ann', 'bob'] } },
    toAnswer: (users) => ({ users }),
    answer: record({ users: arrayOf(ref('PresenceOrUnknown')) }),
  },
  {
    id: 'listUsers',
    method: 'GET',
    path: `${V1}/users`,
    tag: TAG,
    summary: 'Users that have a status, by id, a page at a time',
    scope: 'read',
    action: 'presence.list',
    inQuery: {
      status: STATUS_QUERY,
      role: { schema: ID, description: 'users that have it' },
      since: { schema: TIME, description: 'what is shown of them changed then or later' },
      after: NEXT_QUERY,
      limit: LIMIT_QUERY,
    },
    pagesBy: 'after',
    answer: pageOf('users', ref('PresenceOrUnknown')),
  },
  {
    id: 'getStats',
    method: 'GET',
    path: `${V1}/stats`,
    tag: TAG,
    summary: 'Users by status, sessions by instance, connections',
    scope: 'read',
    action: 'presence.stats',
    answer: ref('Stats'),
  },
];

const writes: readonly Operation[] = [
  {
    id: 'setStatus',
    method: 'PUT',
    path: `${V1}/users/:uid/status`,
    tag: TAG,
    summary: 'Says what a user’s status is; `online` without a text takes everything that was claimed back',
    scope: 'write',
    own: 'uid',
    action: 'presence.setStatus',
    inPath: UID,
    body: { required: ['status'], members: SAID, example: { status: 'busy', text: 'in a meeting' } },
    toAction: ({ uid, ...said }) => ({ uid, ...saidOf(said) }),
    names: NAMES,
    answer: record({ accepted: { type: 'boolean' } }),
    toAnswer: (accepted) => ({ accepted }),
    problems: ['EXPIRY_NOT_IN_FUTURE', 'PRESENCE_DISABLED', 'STOPPING', 'CONFLICT'],
  },
  {
    id: 'setStatuses',
    method: 'POST',
    path: `${V1}/users/status`,
    tag: TAG,
    summary: 'The same for up to 1,000 users, each by itself: one result an item, in order',
    scope: 'write',
    action: 'presence.setStatusMany',
    body: {
      required: ['items'],
      members: { items: batchOf(record(STATUS_ITEM, ['uid', 'status'])) },
      example: { items: [{ uid: 'ann', status: 'away' }] },
    },
    toAction: ({ items }) => ({
      items: itemsOf('items', items, STATUS_ITEM, ({ uid, ...said }) => ({ uid, ...saidOf(said) })),
    }),
    names: NAMES,
    answer: record({ results: arrayOf(ref('BatchResult')) }),
    toAnswer: resultsOf(NAMES),
  },
  {
    id: 'upsertUsers',
    method: 'POST',
    path: `${V1}/users`,
    tag: TAG,
    summary: 'Says who users are; not where they are Rocket.Chat’s',
    scope: 'admin',
    action: 'presence.upsertUsers',
    body: {
      required: ['users'],
      members: { users: batchOf(record(IDENTITY, ['uid'])) },
      example: { users: [{ uid: 'ann', username: 'ann', name: 'Ann', roles: ['user'] }] },
    },
    toAction: ({ users }) => ({
      users: itemsOf('users', users, IDENTITY, ({ uid, ...identity }) => ({ _id: uid, ...identity })),
    }),
    names: ID_NAME,
    answer: record({ results: arrayOf(ref('UpsertResult')) }),
    toAnswer: resultsOf(ID_NAME),
    problems: ['USERS_NOT_OURS'],
  },
];

export const USER_ROUTES: readonly Operation[] = [...reads, ...writes];
