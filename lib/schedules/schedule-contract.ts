import { WEEKDAYS, type WeeklyHours } from '../../domain/schedule';
import { CLAIM_SOURCES, STATUSES } from '../../domain/types';
import { normalizeStatusText } from '../../domain/text';
import { msOf } from '../wire/arguments';
import { checkTimeZone } from './time-zone';
import { ID, MOMENT, reader } from '../wire/contract';
import { invalidArgument } from '../wire/errors';
import type { NewSchedule } from './scheduler';

const CLOCK = {
  type: 'string',
  pattern: /^([01]\d|2[0-3]):[0-5]\d$/,
  messages: { stringPattern: 'must be a time of day such as 09:00' },
};
const WEEKLY = {
  type: 'object',
  optional: true,
  props: {
    days: { type: 'array', items: { type: 'enum', values: [...WEEKDAYS] }, min: 1, max: WEEKDAYS.length, unique: true },
    from: CLOCK,
    to: { ...CLOCK, pattern: /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/ },
  },
};
const CLAIM = {
  type: 'object',
  props: {
    statusDefault: { type: 'enum', values: [...STATUSES] },
    statusSource: { type: 'enum', values: [...CLAIM_SOURCES], optional: true },
    statusText: { type: 'string', max: 16_384, empty: true, optional: true },
    statusExpiresAt: { type: 'forbidden', messages: { forbidden: 'is said by the schedule' } },
    statusId: { type: 'forbidden', messages: { forbidden: 'is the schedule’s' } },
  },
};

interface ScheduleArguments {
  readonly uid: string;
  readonly claim: Pick<NewSchedule['claim'], 'statusDefault' | 'statusText'> & Partial<NewSchedule['claim']>;
  readonly startsAt?: Date | string;
  readonly endsAt?: Date | string;
  readonly weekly?: WeeklyHours;
  readonly timeZone?: string;
}

const readArguments = reader<ScheduleArguments>(['uid', 'claim', 'startsAt', 'endsAt', 'timeZone'], {
  uid: ID,
  claim: CLAIM,
  startsAt: MOMENT,
  endsAt: MOMENT,
  weekly: WEEKLY,
  timeZone: { type: 'string', min: 1, max: 64, optional: true },
});

/** Reads of the parameters of what concerns schedules. */
export const readSchedules = {
  schedule: readSchedule,
  cancel: reader<{ uid: string; id: string }>(['uid', 'id'], { uid: ID, id: ID }),
};

/** In the place of the end there may be weekly hours. */
const WEEKLY_POSITION = 3;

/**
 * Positional: user, claim, start, end or weekly hours, time zone. Named: `endsAt` and `weekly` apart, and both may be given.
 *
 * @throws PresenceError INVALID_ARGUMENT
 */
function readSchedule(params: unknown): NewSchedule {
  const { uid, claim, timeZone = 'UTC', weekly, ...given } = readArguments(named(params));
  const [startsMs, endsMs] = [msOf('startsAt', given.startsAt), msOf('endsAt', given.endsAt)];
  if (!weekly && startsMs === undefined) throw invalidArgument('startsAt', 'is missing');
  if (!weekly && endsMs === undefined) throw invalidArgument('endsAt', 'is missing, and there are no weekly hours');
  if (startsMs !== undefined && endsMs !== undefined && endsMs <= startsMs) {
    throw invalidArgument('endsAt', 'must be after startsAt');
  }
  if (weekly?.from === weekly?.to && weekly) throw invalidArgument('weekly.to', 'must differ from weekly.from');
  const { statusDefault, statusSource = 'internal' } = claim;
  const statusText = normalizeStatusText(claim.statusText);
  const zone = checkTimeZone(timeZone);
  return { uid, claim: { statusDefault, statusSource, statusText }, startsMs, endsMs, weekly, timeZone: zone };
}

function named(params: unknown): unknown {
  if (!Array.isArray(params)) return params;
  const hours: unknown = params[WEEKLY_POSITION];
  const isHours = typeof hours === 'object' && hours !== null && !(hours instanceof Date);
  if (!isHours) return params;
  const [uid, claim, startsAt, , timeZone] = params as unknown[];
  return { uid, claim, startsAt, weekly: hours, timeZone };
}
