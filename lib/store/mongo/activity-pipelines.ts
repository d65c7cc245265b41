import { timeKey } from '../../../domain/history';
import type { Period } from '../../calendar';
import type { TimeRange } from '../history-port';

const THERE = ['online', 'away', 'busy'];
/** As `lib/calendar` names them. */
const NAMES: Readonly<Record<Period, string>> = { day: '%Y-%m-%d', week: '%G-W%V', month: '%Y-%m' };

/** Each user once a period, counted. */
export function activeUsersPipeline(range: TimeRange, period: Period, timezone: string): object[] {
  const name = { $dateToString: { date: '$at', format: NAMES[period], timezone } };
  return [
    { $match: within(range) },
    { $match: { $or: [{ to: { $in: THERE } }, { from: { $in: THERE } }] } },
    { $group: { _id: { period: name, uid: '$uid' } } },
    { $group: { _id: '$_id.period', users: { $sum: 1 } } },
  ];
}

/** Who came less who went, in each stretch of time. */
export function flowPipeline(range: TimeRange, stepMs: number): object[] {
  const came = { to: { $in: THERE }, from: { $nin: THERE } };
  const went = { to: { $nin: THERE }, from: { $in: THERE } };
  const ms = { $toLong: '$at' };
  return [
    { $match: within(range) },
    { $match: { $or: [came, went] } },
    {
      $group: {
        _id: { $subtract: [ms, { $mod: [ms, stepMs] }] },
        delta: { $sum: { $cond: [{ $in: ['$to', THERE] }, 1, -1] } },
      },
    },
    { $sort: { _id: 1 } },
  ];
}

function within({ fromMs, toMs }: TimeRange): object {
  return { _id: { $gte: timeKey(fromMs), $lt: timeKey(toMs) } };
}
