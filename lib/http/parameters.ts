import { CAUSES, STATUSES } from '../../domain/types';
import { MAX_BATCH_ITEMS } from '../contract';
import type { Parameter } from './operation';
import { arrayOf, ID, oneOf, TEXT, TIME } from './schema-parts';

export const UID: Readonly<Record<'uid', Parameter>> = { uid: { schema: ID, description: 'id of a user' } };

export const STATUS_QUERY: Parameter = {
  reads: 'words',
  schema: arrayOf(oneOf(STATUSES)),
  description: 'one or several: repeated, or with commas',
};
export const LIMIT_QUERY: Parameter = {
  reads: 'whole',
  schema: { type: 'integer', minimum: 1, maximum: MAX_BATCH_ITEMS, default: 100 },
  description: 'of one page',
};

/** The `next` of the page before. */
export const NEXT_QUERY: Parameter = { schema: ID, description: 'the `next` of the page before' };

export const RANGE: Readonly<Record<'from' | 'to', Parameter>> = {
  from: { schema: TIME, description: 'then or later' },
  to: { schema: TIME, description: 'before then' },
};

export const TIME_ZONE: Parameter = {
  schema: { ...TEXT, minLength: 1, maxLength: 64, default: 'UTC' },
  description: 'a name of the tz database',
};

export const CHANGES: Readonly<Record<string, Parameter>> = {
  uid: { schema: ID, description: 'changes of this user alone' },
  ...RANGE,
  cause: { reads: 'words', schema: arrayOf(oneOf(CAUSES)), description: 'one or several: repeated, or with commas' },
  status: { ...STATUS_QUERY, description: 'what is shown since; one or several' },
};
