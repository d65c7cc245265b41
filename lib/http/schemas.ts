import { CAUSES, CLAIM_SOURCES, STATUSES } from '../../domain/types';
import { MAX_BATCH_ITEMS } from '../wire/contract';
import type { QueryParameter, Schema } from './route';

export const ID: Schema = { type: 'string', minLength: 1, maxLength: 256 };
export const MOMENT: Schema = { type: 'string', format: 'date-time' };
export const STATUS: Schema = { enum: [...STATUSES] };
export const SOURCE: Schema = { enum: [...CLAIM_SOURCES] };
export const CAUSE: Schema = { enum: [...CAUSES] };
export const COUNT: Schema = { type: 'integer', minimum: 0 };
/** Of time; below zero where what is spoken of is over, or clocks differ. */
export const MILLISECONDS: Schema = { type: 'integer' };
export const TEXT: Schema = { type: 'string' };
export const YES_OR_NO: Schema = { type: 'boolean' };
/** A position in a list of pages: opaque. */
export const POSITION: Schema = { type: 'string', minLength: 1, maxLength: 300 };
/** How many there may be in one batch. */
export const BATCH: Schema = { minItems: 1, maxItems: MAX_BATCH_ITEMS };

type Members = Readonly<Record<string, Schema>>;

/**
 * What a request brings along: an object with these members, `required` all but those whose names end in `?`. Others are
 * ignored, for newer callers may send more.
 */
export function object(members: Members): Schema {
  const names = Object.keys(members);
  const properties = Object.fromEntries(
    Object.entries(members).map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
  );
  return { type: 'object', properties, required: names.filter((name) => !name.endsWith('?')) };
}

/** What is answered: the same, and nothing else. */
export function answer(members: Members): Schema {
  return { ...object(members), additionalProperties: false };
}

export const listOf = (items: Schema, limits: Schema = {}): Schema => ({ type: 'array', items, ...limits });
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

const query = (kind: QueryParameter['kind'], schema: Schema, description: string): QueryParameter => ({
  kind,
  schema,
  description,
});

/** Parameters that several routes have. */
export const QUERY = {
  limit: query(
    'whole',
    { type: 'integer', minimum: 1, maximum: MAX_BATCH_ITEMS, default: 100 },
    'how many at most; 100 where absent',
  ),
  statuses: query('list', listOf(STATUS), 'one status or several'),
  causes: query('list', listOf(CAUSE), 'one cause or several'),
  uid: query('text', ID, 'of this user'),
  from: query('text', MOMENT, 'from this time on'),
  to: query('text', MOMENT, 'before this time'),
  timeZone: query('text', { ...TEXT, maxLength: 64, default: 'UTC' }, 'a name of the tz database'),
  next: query('text', POSITION, 'the next page: `next` of the one before'),
  text: (description: string) => query('text', ID, description),
  oneOf: (words: readonly string[], description: string) => query('text', { enum: [...words] }, description),
  moment: (description: string) => query('text', MOMENT, description),
};
