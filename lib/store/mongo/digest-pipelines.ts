import { DAY_MS, MINUTE_MS, QUARTER_MS } from '../../../domain/day-digest';
import { timeKey } from '../../../domain/history';
import type { TimeRange } from '../history-port';

const THERE = ['online', 'away', 'busy'];

// The time is matched by itself: beside an alternative a planner may look through everything instead.

/** How many changes of each cause led to each status. */
export function countsOf(range: TimeRange): object[] {
  return [{ $match: within(range) }, { $group: { _id: { cause: '$cause', to: '$to' }, changes: { $sum: 1 } } }];
}

/** Who came less who went, by minute of the day. */
export function flowOf(range: TimeRange): object[] {
  const came = { to: { $in: THERE }, from: { $nin: THERE } };
  const went = { to: { $nin: THERE }, from: { $in: THERE } };
  return [
    { $match: within(range) },
    { $match: { $or: [came, went] } },
    { $group: { _id: partOfDay(MINUTE_MS), delta: { $sum: { $cond: [{ $in: ['$to', THERE] }, 1, -1] } } } },
    { $sort: { _id: 1 } },
  ];
}

/** The quarters of an hour in which each user came, went or changed while there. */
export function quartersOf(range: TimeRange): object[] {
  return [
    { $match: within(range) },
    { $match: { $or: [{ to: { $in: THERE } }, { from: { $in: THERE } }] } },
    { $group: { _id: '$uid', quarters: { $addToSet: partOfDay(QUARTER_MS) } } },
  ];
}

function partOfDay(partMs: number): object {
  return { $floor: { $divide: [{ $mod: [{ $toLong: '$at' }, DAY_MS] }, partMs] } };
}

function within({ fromMs, toMs }: TimeRange): object {
  return { _id: { $gte: timeKey(fromMs), $lt: timeKey(toMs) } };
}
