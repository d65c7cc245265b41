import type { Route } from './route';
import { answer, COUNT, ID, listOf, POSITION, QUERY, ref } from './schemas';

const FILTER = { uid: QUERY.uid, from: QUERY.from, to: QUERY.to, cause: QUERY.causes, status: QUERY.statuses };
const RANGE = { from: QUERY.from, to: QUERY.to, timeZone: QUERY.timeZone };

/** What has been, and what is counted of it. */
export const HISTORY_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: '/history', id: 'listHistory', tag: 'history', scope: 'read', action: 'history.list' },
    summary: 'Changes of presence, newest first, a page at a time',
    query: { ...FILTER, before: QUERY.next, limit: QUERY.limit },
    arguments: ({ query }) => query,
    pagesBy: 'before',
    answer: answer({ changes: listOf(ref('Change')), 'next?': POSITION }),
    problems: ['HISTORY_OFF'],
  },
  {
    ...{
      method: 'GET',
      path: '/history/count',
      id: 'countHistory',
      tag: 'history',
      scope: 'read',
      action: 'history.count',
    },
    summary: 'How many changes there are',
    query: FILTER,
    arguments: ({ query }) => query,
    answerOf: (count: number) => ({ count }),
    answer: answer({ count: COUNT }),
    problems: ['HISTORY_OFF'],
  },
  {
    ...{ method: 'DELETE', path: '/users/:uid/history', id: 'eraseHistory', tag: 'history', scope: 'admin' },
    action: 'history.erase',
    summary: 'Removes everything kept of a user’s changes, for good',
    arguments: ({ path }) => path,
    answer: answer({ uid: ID, erased: COUNT }),
  },
  {
    ...{ method: 'GET', path: '/users/:uid/activity', id: 'userActivity', tag: 'activity', scope: 'read' },
    action: 'activity.user',
    summary: 'Milliseconds in each status, day by day',
    query: RANGE,
    arguments: ({ path, query }) => ({ ...query, uid: path.uid }),
    answer: ref('UserActivity'),
    isOfItsMoment: true,
    problems: ['HISTORY_OFF'],
  },
  {
    ...{
      method: 'GET',
      path: '/activity',
      id: 'activitySummary',
      tag: 'activity',
      scope: 'read',
      action: 'activity.summary',
    },
    summary: 'Active users by day, week and month; people there at once by hour and weekday',
    query: RANGE,
    arguments: ({ query }) => query,
    answer: ref('Activity'),
    isOfItsMoment: true,
    problems: ['HISTORY_OFF'],
  },
  {
    ...{ method: 'GET', path: '/stats', id: 'getStats', tag: 'operators', scope: 'read', action: 'presence.stats' },
    summary: 'How many users are shown with each status, sessions by instance, and counts of connections',
    arguments: () => ({}),
    answer: ref('Stats'),
    isOfItsMoment: true,
  },
];
