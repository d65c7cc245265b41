import { WEEKDAYS } from '../../domain/schedule';
import type { Schema } from './route';
import {
  answer,
  CAUSE,
  COUNT,
  ID,
  listOf,
  MILLISECONDS,
  MOMENT,
  object,
  ref,
  SOURCE,
  STATUS,
  TEXT,
  YES_OR_NO,
} from './schemas';

/** As domain/view.ts, domain/claim-list.ts and domain/explain.ts give them. */
const PRESENCE = {
  Presence: answer({
    uid: ID,
    'username?': TEXT,
    'name?': TEXT,
    roles: listOf(TEXT),
    status: STATUS,
    statusConnection: STATUS,
    'statusText?': TEXT,
    'statusSource?': SOURCE,
    'statusExpiresAt?': MOMENT,
    'since?': MOMENT,
    rev: COUNT,
  }),
  UnknownPresence: answer({
    uid: ID,
    status: { const: 'unknown' },
    reason: { enum: ['never-seen', 'store-unavailable'] },
  }),
  Claim: answer({
    'id?': TEXT,
    'source?': SOURCE,
    priority: { type: 'integer', minimum: 1, maximum: 4, description: 'the smaller wins' },
    status: STATUS,
    'text?': TEXT,
    'expiresAt?': MOMENT,
  }),
  Claims: answer({ uid: ID, 'active?': ref('Claim'), waiting: listOf(ref('Claim')) }),
};

const CLOCK = '^([01]\\d|2[0-3]):[0-5]\\d$';

const SCHEDULES = {
  WeeklyHours: object({
    days: listOf({ enum: [...WEEKDAYS] }, { minItems: 1, maxItems: WEEKDAYS.length, uniqueItems: true }),
    from: { type: 'string', pattern: CLOCK },
    to: {
      type: 'string',
      pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$',
      description: 'earlier than `from`: of the next day',
    },
  }),
  Period: answer({ startsAt: MOMENT, 'endsAt?': MOMENT }),
  Schedule: answer({
    id: ID,
    uid: ID,
    status: STATUS,
    'text?': TEXT,
    source: SOURCE,
    startsAt: MOMENT,
    'endsAt?': MOMENT,
    'weekly?': ref('WeeklyHours'),
    timeZone: TEXT,
    'running?': ref('Period'),
    'next?': ref('Period'),
  }),
};

const EXPLANATIONS = {
  ExplainedSession: answer({
    id: TEXT,
    instanceId: TEXT,
    status: STATUS,
    instance: { enum: ['up', 'gone', 'unknown'] },
    seenAgoMs: MILLISECONDS,
    'leaseLeftMs?': MILLISECONDS,
  }),
  ExplainedClaim: answer({
    statusDefault: STATUS,
    'statusText?': TEXT,
    'statusSource?': SOURCE,
    'statusId?': TEXT,
    'statusExpiresAt?': MOMENT,
    'endsInMs?': MILLISECONDS,
  }),
  Timer: answer({
    what: { enum: ['claim-ends', 'waiting-claim-ends', 'lease-ends', 'scheduled-claim-begins'] },
    inMs: MILLISECONDS,
    'session?': TEXT,
    'schedule?': TEXT,
  }),
  Explanation: answer({
    uid: ID,
    known: { const: true },
    'username?': TEXT,
    status: STATUS,
    statusConnection: STATUS,
    decidedBy: { enum: ['no-session', 'sessions', 'claim', 'claim-of-service-user'] },
    because: { type: 'string', description: 'one sentence for people' },
    agrees: { type: 'boolean', description: 'what is stored is what the rules give' },
    'due?': {
      ...STATUS,
      description: 'status after the next verification; absent on an observer, which repairs nothing',
    },
    sessions: listOf(ref('ExplainedSession')),
    'claim?': ref('ExplainedClaim'),
    waiting: listOf(ref('ExplainedClaim')),
    timers: listOf(ref('Timer')),
    'lastChange?': answer({ cause: CAUSE, 'from?': STATUS, at: MOMENT, agoMs: MILLISECONDS }),
    rev: COUNT,
  }),
  UnknownUser: answer({ uid: ID, known: { const: false } }),
};

const FAULT = answer({ code: TEXT, message: TEXT });

const BATCHES = {
  StatusResult: {
    oneOf: [
      answer({ uid: ID, ok: { const: true }, accepted: YES_OR_NO }),
      answer({ 'uid?': TEXT, ok: { const: false }, error: FAULT }),
    ],
  },
  UpsertResult: {
    oneOf: [
      answer({ uid: ID, _id: ID, ok: { const: true }, created: YES_OR_NO }),
      answer({ 'uid?': TEXT, '_id?': TEXT, ok: { const: false }, error: FAULT }),
    ],
  },
};

/** Named schemas of what concerns users. */
export const USER_SCHEMAS: Readonly<Record<string, Schema>> = {
  ...PRESENCE,
  ...SCHEDULES,
  ...EXPLANATIONS,
  ...BATCHES,
};

export const ANY_PRESENCE: Schema = { oneOf: [ref('Presence'), ref('UnknownPresence')] };
