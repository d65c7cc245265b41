import type { Schema } from './route';
import { answer, CAUSE, COUNT, ID, listOf, MILLISECONDS, MOMENT, ref, SOURCE, STATUS, TEXT } from './schemas';

const DAY: Schema = { type: 'string', format: 'date' };
const AVERAGE: Schema = { type: 'number', minimum: 0 };
const RANGE = { from: MOMENT, to: MOMENT, timeZone: TEXT };
const ACTIVE = { active: COUNT };

/** Named schemas of what has been: domain/history.ts and lib/history/activity.ts. */
export const HISTORY_SCHEMAS: Readonly<Record<string, Schema>> = {
  Change: answer({
    uid: ID,
    rev: COUNT,
    at: MOMENT,
    'from?': STATUS,
    to: STATUS,
    'text?': TEXT,
    'source?': SOURCE,
    cause: CAUSE,
  }),
  DayOfUser: answer({
    day: DAY,
    online: MILLISECONDS,
    away: MILLISECONDS,
    busy: MILLISECONDS,
    offline: MILLISECONDS,
    unknown: { ...MILLISECONDS, description: 'before the first change that is kept' },
  }),
  UserActivity: answer({ uid: ID, ...RANGE, days: listOf(ref('DayOfUser')) }),
  Activity: answer({
    ...RANGE,
    days: listOf(answer({ day: DAY, ...ACTIVE, peak: COUNT })),
    weeks: listOf(answer({ week: { type: 'string', pattern: '^\\d{4,}-W\\d\\d$' }, ...ACTIVE })),
    months: listOf(answer({ month: { type: 'string', pattern: '^\\d{4,}-\\d\\d$' }, ...ACTIVE })),
    hours: listOf(answer({ hour: { type: 'integer', minimum: 0, maximum: 23 }, peak: COUNT, average: AVERAGE }), {
      maxItems: 24,
    }),
    heatMap: {
      ...listOf(listOf({ type: ['number', 'null'] }, { minItems: 24, maxItems: 24 }), { minItems: 7, maxItems: 7 }),
      description:
        'people there on average: a row a day from Monday on, 24 hours each; null for an hour that was not asked for',
    },
  }),
  Stats: answer({
    at: MOMENT,
    statuses: answer({ online: COUNT, away: COUNT, busy: COUNT, offline: COUNT }),
    instances: listOf(answer({ instanceId: TEXT, sessions: COUNT })),
    connections: answer({ current: COUNT, peak: COUNT }),
  }),
};
