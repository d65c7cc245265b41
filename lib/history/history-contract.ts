import type { ActivityArguments } from './activity';
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

/** Reads of the parameters of each action of the service `history`. */
export const readHistory = {
  page: reader<HistoryPageArguments>(
    ['uid', 'from', 'to', 'cause', 'status', 'before', 'limit'],
    { ...FILTER, before: { ...OPTIONAL_ID, max: MAX_ROW_ID }, limit: LIMIT },
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
