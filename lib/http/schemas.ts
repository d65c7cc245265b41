import { CAUSES, CLAIM_SOURCES, STATUSES } from '../../domain/types';
import { MAX_BATCH_ITEMS } from '../contract';
import type { QueryParameter, Schema } from './route';

export const ID: Schema = { type: 'string', minLength: 1, maxLength: 256 };
export const MOMENT: Schema = { type: 'string', format: 'date-time' };
export const STATUS: Schema = { enum: [...STATUSES] };
const COUNT: Schema = { type: 'integer', minimum: 0 };
const TEXT: Schema = { type: 'string' };

/** An object with these members, `required` all but those whose names end in `?`. */
export function object(members: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(members);
  const properties = Object.fromEntries(
    Object.entries(members).map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
  );
  return { type: 'object', properties, required: names.filter((name) => !name.endsWith('?')) };
}

export const listOf = (items: Schema, limits: Schema = {}): Schema => ({ type: 'array', items, ...limits });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** The document's named schemas. */
export const COMPONENTS: Readonly<Record<string, Schema>> = {
  Presence: object({
    uid: ID,
    'username?': TEXT,
    'name?': TEXT,
    roles: listOf(TEXT),
    status: STATUS,
    statusConnection: STATUS,
    'statusText?': TEXT,
    'statusSource?': { enum: [...CLAIM_SOURCES] },
    'statusExpiresAt?': MOMENT,
    'since?': MOMENT,
    rev: COUNT,
  }),
  UnknownPresence: object({
    uid: ID,
    status: { const: 'unknown' },
    reason: { enum: ['never-seen', 'store-unavailable'] },
  }),
  Change: object({
    uid: ID,
    rev: COUNT,
    at: MOMENT,
    'from?': STATUS,
    to: STATUS,
    'text?': TEXT,
    'source?': { enum: [...CLAIM_SOURCES] },
    cause: { enum: [...CAUSES] },
  }),
  Problem: object({
    type: TEXT,
    title: TEXT,
    status: { type: 'integer' },
    code: TEXT,
    detail: TEXT,
    'field?': TEXT,
    retryable: { type: 'boolean' },
  }),
};

export const PRESENCE = ref('Presence');
export const ANY_PRESENCE: Schema = { oneOf: [ref('Presence'), ref('UnknownPresence')] };
export const CHANGE = ref('Change');
export const PROBLEM = ref('Problem');

const query = (kind: QueryParameter['kind'], schema: Schema, description: string): QueryParameter => ({
  kind,
  schema,
  description,
});

/** Parameters that several routes have. */
export const QUERY = {
  limit: query(
    'whole',
    { type: 'integer', minimum: 1, maximum: MAX_BATCH_ITEMS },
    'how many at most; 100 where absent',
  ),
  statuses: query('list', listOf(STATUS), 'one status or several'),
  causes: query('list', listOf({ enum: [...CAUSES] }), 'one cause or several'),
  uid: query('text', ID, 'of this user'),
  from: query('text', MOMENT, 'from this time on'),
  to: query('text', MOMENT, 'before this time'),
  timeZone: query('text', TEXT, 'a name of the tz database; UTC where absent'),
  text: (description: string) => query('text', ID, description),
  moment: (description: string) => query('text', MOMENT, description),
};
