import { CHANGES, LIMIT_QUERY, NEXT_QUERY, RANGE, TIME_ZONE, UID } from './parameters';
import type { Operation } from './operation';
import { COUNT, ID, pageOf, record, ref } from './schema-parts';

const V1 = '/api/v1';
const TAG = 'History';

export const HISTORY_ROUTES: readonly Operation[] = [
  {
    id: 'listChanges',
    method: 'GET',
    path: `${V1}/history`,
    tag: TAG,
    summary: 'Changes of presence, newest first, a page at a time',
    scope: 'read',
    action: 'history.list',
    inQuery: {
      ...CHANGES,
      before: { ...NEXT_QUERY, schema: { type: 'string', minLength: 1, maxLength: 300 } },
      limit: LIMIT_QUERY,
    },
    pagesBy: 'before',
    answer: pageOf('changes', ref('Change')),
    problems: ['HISTORY_OFF'],
  },
  {
    id: 'countChanges',
    method: 'GET',
    path: `${V1}/history/count`,
    tag: TAG,
    summary: 'How many changes there are',
    scope: 'read',
    action: 'history.count',
    inQuery: CHANGES,
    answer: record({ count: COUNT }),
    toAnswer: (count) => ({ count }),
    problems: ['HISTORY_OFF'],
  },
  {
    id: 'eraseHistory',
    method: 'DELETE',
    path: `${V1}/users/:uid/history`,
    tag: TAG,
    summary: 'Removes everything kept of a user’s changes, for good',
    scope: 'admin',
    action: 'history.erase',
    inPath: UID,
    answer: record({ uid: ID, erased: COUNT }),
  },
  {
    id: 'getUserActivity',
    method: 'GET',
    path: `${V1}/users/:uid/activity`,
    tag: TAG,
    summary: 'Time in each status, day by day',
    scope: 'read',
    action: 'activity.user',
    inPath: UID,
    inQuery: { ...RANGE, timeZone: TIME_ZONE },
    answer: ref('UserActivity'),
    problems: ['HISTORY_OFF'],
  },
  {
    id: 'getActivity',
    method: 'GET',
    path: `${V1}/activity`,
    tag: TAG,
    summary: 'Active users by day, week and month; people there at once by hour and weekday',
    scope: 'read',
    action: 'activity.summary',
    inQuery: { ...RANGE, timeZone: TIME_ZONE },
    answer: ref('Activity'),
    problems: ['HISTORY_OFF'],
  },
];
