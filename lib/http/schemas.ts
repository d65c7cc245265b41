import { CALLBACK_SCHEMAS } from './schemas-callbacks';
import { CAUSES, CLAIM_SOURCES, STATUSES } from '../../domain/types';
import { WEEKDAYS } from '../../domain/schedule';
import { ERROR_CODES } from '../errors';
import type { JsonSchema } from './operation';
import { arrayOf, CLOCK, COUNT, ID, NUMBER, oneOf, record, ref, TEXT, TIME } from './schema-parts';

const STATUS = ref('Status');
const MILLISECONDS = { type: 'number', description: 'milliseconds' };

const PRESENCE: Readonly<Record<string, JsonSchema>> = {
  Status: oneOf(STATUSES),
  Source: {
    ...oneOf(CLAIM_SOURCES),
    description: 'who claims it; of several claims internal wins, then manual, then external',
  },
  Cause: oneOf(CAUSES),
  Presence: record(
    {
      uid: ID,
      username: TEXT,
      name: TEXT,
      roles: arrayOf(TEXT),
      status: STATUS,
      statusConnection: STATUS,
      statusText: TEXT,
      statusSource: ref('Source'),
      statusExpiresAt: TIME,
      since: TIME,
      rev: COUNT,
    },
    ['uid', 'roles', 'status', 'statusConnection', 'rev'],
  ),
  UnknownPresence: {
    ...record({ uid: ID, status: { const: 'unknown' }, reason: oneOf(['never-seen', 'store-unavailable']) }),
    description: 'a status that cannot be known is said so, never guessed',
  },
  PresenceOrUnknown: { oneOf: [ref('Presence'), ref('UnknownPresence')] },
  Stats: record({
    at: TIME,
    statuses: record(Object.fromEntries(STATUSES.map((status) => [status, COUNT]))),
    instances: arrayOf(record({ instanceId: TEXT, sessions: COUNT })),
    connections: record({ current: COUNT, peak: COUNT }),
  }),
};

const CLAIMS: Readonly<Record<string, JsonSchema>> = {
  Claim: record({ id: TEXT, source: ref('Source'), priority: COUNT, status: STATUS, text: TEXT, expiresAt: TIME }, [
    'priority',
    'status',
  ]),
  Claims: record({ uid: ID, active: ref('Claim'), waiting: arrayOf(ref('Claim')) }, ['uid', 'waiting']),
  BatchResult: {
    oneOf: [
      record({ uid: ID, ok: { const: true }, accepted: { type: 'boolean' } }),
      record({ uid: TEXT, ok: { const: false }, error: ref('ItemError') }, ['ok', 'error']),
    ],
  },
  UpsertResult: {
    oneOf: [
      record({ uid: ID, ok: { const: true }, created: { type: 'boolean' } }),
      record({ uid: TEXT, ok: { const: false }, error: ref('ItemError') }, ['ok', 'error']),
    ],
  },
  ItemError: record({ code: TEXT, message: TEXT }),
  WeeklyHours: record({ days: arrayOf(oneOf(WEEKDAYS)), from: CLOCK, to: CLOCK }),
  Occurrence: record({ startsAt: TIME, endsAt: TIME }),
  Schedule: record(
    {
      id: TEXT,
      uid: ID,
      status: STATUS,
      text: TEXT,
      source: ref('Source'),
      startsAt: TIME,
      endsAt: TIME,
      weekly: ref('WeeklyHours'),
      timeZone: TEXT,
      running: ref('Occurrence'),
      next: ref('Occurrence'),
    },
    ['id', 'uid', 'status', 'source', 'startsAt', 'timeZone'],
  ),
};

const CLAIM_EXPLAINED = record(
  {
    statusDefault: STATUS,
    statusText: TEXT,
    statusSource: ref('Source'),
    statusId: TEXT,
    statusExpiresAt: TIME,
    endsInMs: MILLISECONDS,
  },
  [],
);

const EXPLAINED: Readonly<Record<string, JsonSchema>> = {
  Explanation: record(
    {
      uid: ID,
      known: { const: true },
      username: TEXT,
      status: STATUS,
      statusConnection: STATUS,
      decidedBy: oneOf(['no-session', 'sessions', 'claim', 'claim-of-service-user']),
      because: TEXT,
      agrees: { type: 'boolean' },
      due: STATUS,
      sessions: arrayOf(ref('ExplainedSession')),
      claim: CLAIM_EXPLAINED,
      waiting: arrayOf(CLAIM_EXPLAINED),
      timers: arrayOf(record({ what: TEXT, inMs: MILLISECONDS, session: TEXT, schedule: TEXT }, ['what', 'inMs'])),
      lastChange: record({ cause: ref('Cause'), from: STATUS, at: TIME, agoMs: MILLISECONDS }, [
        'cause',
        'at',
        'agoMs',
      ]),
      rev: COUNT,
    },
    [
      'uid',
      'known',
      'status',
      'statusConnection',
      'decidedBy',
      'because',
      'agrees',
      'sessions',
      'waiting',
      'timers',
      'rev',
    ],
  ),
  ExplainedSession: record(
    {
      id: TEXT,
      instanceId: TEXT,
      status: STATUS,
      instance: oneOf(['up', 'gone', 'unknown']),
      seenAgoMs: MILLISECONDS,
      leaseLeftMs: MILLISECONDS,
    },
    ['id', 'instanceId', 'status', 'instance', 'seenAgoMs'],
  ),
  NobodyKnown: record({ uid: ID, known: { const: false } }),
};

const HISTORY: Readonly<Record<string, JsonSchema>> = {
  Change: record(
    { uid: ID, rev: COUNT, at: TIME, from: STATUS, to: STATUS, text: TEXT, source: ref('Source'), cause: ref('Cause') },
    ['uid', 'rev', 'at', 'to', 'cause'],
  ),
  UserActivity: record({
    uid: ID,
    from: TIME,
    to: TIME,
    timeZone: TEXT,
    days: arrayOf(
      record({
        day: TEXT,
        ...Object.fromEntries([...STATUSES, 'unknown'].map((status) => [status, MILLISECONDS])),
      }),
    ),
  }),
  Activity: record({
    from: TIME,
    to: TIME,
    timeZone: TEXT,
    days: arrayOf(record({ day: TEXT, active: COUNT, peak: COUNT })),
    weeks: arrayOf(record({ week: TEXT, active: COUNT })),
    months: arrayOf(record({ month: TEXT, active: COUNT })),
    hours: arrayOf(record({ hour: COUNT, peak: COUNT, average: NUMBER })),
    heatMap: arrayOf(arrayOf({ type: ['number', 'null'] })),
  }),
};

const OF_NODE: Readonly<Record<string, JsonSchema>> = {
  Replica: record(
    { nodeID: TEXT, role: oneOf(['owner', 'observer']), leader: { type: 'boolean' }, here: { type: 'boolean' } },
    ['nodeID', 'leader', 'here'],
  ),
  Health: record(
    {
      healthy: { type: 'boolean' },
      nodeID: TEXT,
      bus: oneOf(['connected', 'disconnected', 'none']),
      presence: { type: 'boolean' },
      store: oneOf(['there', 'away']),
      role: oneOf(['owner', 'observer']),
    },
    ['healthy', 'nodeID', 'bus', 'presence', 'store'],
  ),
  Problem: {
    ...record(
      {
        type: { type: 'string', pattern: '^/problems/[A-Z_]+$' },
        title: TEXT,
        status: { type: 'integer', minimum: 400, maximum: 599 },
        code: oneOf(Object.keys(ERROR_CODES)),
        detail: TEXT,
        field: { ...TEXT, description: 'the parameter it is about' },
        retryable: { type: 'boolean', description: 'whether the same request may succeed later' },
      },
      ['type', 'title', 'status', 'code', 'detail', 'retryable'],
    ),
    description: 'RFC 9457; go by `code`, which never changes',
  },
};

/** What answers consist of, by name. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ...PRESENCE,
  ...CLAIMS,
  ...EXPLAINED,
  ...HISTORY,
  ...OF_NODE,
  ...CALLBACK_SCHEMAS,
};
