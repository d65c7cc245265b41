import type { Route } from './route';
import { CHANGE, ID, listOf, MOMENT, object, QUERY } from './schemas';

const FILTER = { uid: QUERY.uid, from: QUERY.from, to: QUERY.to, cause: QUERY.causes, status: QUERY.statuses };
const RANGE = { from: QUERY.from, to: QUERY.to, timeZone: QUERY.timeZone };
const IN_RANGE = { from: MOMENT, to: MOMENT, timeZone: { type: 'string' } };
const ROWS = listOf({ type: 'object' });

/** What has been, and what is counted of it. */
export const HISTORY_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: '/history', id: 'listHistory', tag: 'history', scope: 'read', action: 'history.list' },
    summary: 'Changes of presence, newest first, a page at a time',
    query: { ...FILTER, before: QUERY.text('the next page: `next` of the one before'), limit: QUERY.limit },
    arguments: ({ query }) => query,
    pagesBy: 'before',
    answer: object({ changes: listOf(CHANGE), 'next?': { type: 'string' } }),
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
    answer: object({ count: { type: 'integer', minimum: 0 } }),
    problems: ['HISTORY_OFF'],
  },
  {
    ...{ method: 'DELETE', path: '/users/:uid/history', id: 'eraseHistory', tag: 'history', scope: 'admin' },
    action: 'history.erase',
    summary: 'Removes everything kept of a user’s changes, for good',
    arguments: ({ path }) => path,
    answer: object({ uid: ID, erased: { type: 'integer', minimum: 0 } }),
  },
  {
    ...{ method: 'GET', path: '/users/:uid/activity', id: 'userActivity', tag: 'activity', scope: 'read' },
    action: 'activity.user',
    summary: 'Milliseconds in each status, day by day',
    query: RANGE,
    arguments: ({ path, query }) => ({ ...query, uid: path.uid }),
    answer: object({ uid: ID, ...IN_RANGE, days: ROWS }),
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
    answer: object({
      ...IN_RANGE,
      days: ROWS,
      weeks: ROWS,
      months: ROWS,
      hours: ROWS,
      heatMap: listOf({ type: 'array' }),
    }),
    problems: ['HISTORY_OFF'],
  },
  {
    ...{ method: 'GET', path: '/stats', id: 'getStats', tag: 'operators', scope: 'read', action: 'presence.stats' },
    summary: 'How many users are shown with each status, sessions by instance, and counts of connections',
    arguments: () => ({}),
    answer: object({
      at: MOMENT,
      statuses: { type: 'object' },
      instances: listOf(object({ instanceId: { type: 'string' }, sessions: { type: 'integer' } })),
      connections: object({ current: { type: 'integer' }, peak: { type: 'integer' } }),
    }),
  },
];
