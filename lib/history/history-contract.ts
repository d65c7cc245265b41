import type { ActivityArguments } from './activity';
import { ROW_ID } from '../../domain/history';
import { CAUSES, STATUSES } from '../../domain/types';
import { ID, LIMIT, MOMENT, oneOrSeveral, OPTIONAL_ID, reader } from '../wire/contract';
import type { HistoryArguments, HistoryPageArguments } from './history-reads';

/** Longest id of a row: a user's id, and around it a time and a revision. */
const MAX_ROW_ID = 300;

const FILTER = {
  uid: OPTIONAL_ID,
  from: MOMENT,
  to: MOMENT,
  cause: oneOrSeveral(CAUSES),
  status: oneOrSeveral(STATUSES),
};

/** Of a page. Anything else would be older or newer than every row, and answer the first page or none. */
const POSITION = {
  ...OPTIONAL_ID,
  max: MAX_ROW_ID,
  pattern: ROW_ID,
  messages: { ...OPTIONAL_ID.messages, stringPattern: 'is not the `next` of a page' },
};

/** Reads of the parameters of each action of the service `history`. */
export const readHistory = {
  page: reader<HistoryPageArguments>(
    ['uid', 'from', 'to', 'cause', 'status', 'before', 'limit'],
    { ...FILTER, before: POSITION, limit: LIMIT },
    false,
  ),
  filter: reader<HistoryArguments>(['uid', 'from', 'to', 'cause', 'status'], FILTER, false),
  uid: reader<{ uid: string }>(['uid'], { uid: ID }),
};

const RANGE = { from: MOMENT, to: MOMENT, timeZone: { type: 'string', min: 1, max: 64, optional: true } };

/** Of the service `activity`. */
export const readActivity = {
  user: reader<ActivityArguments & { uid: string }>(['uid', 'from', 'to', 'timeZone'], { uid: ID, ...RANGE }),
  summary: reader<ActivityArguments>(['from', 'to', 'timeZone'], RANGE, false),
};
