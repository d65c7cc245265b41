import { DELIVERY_STATES } from '../../domain/callbacks';
import { MAX_BATCH_ITEMS } from '../wire/contract';
import type { Schema } from './route';
import { answer, COUNT, ID, listOf, MILLISECONDS, MOMENT, STATUS, TEXT, YES_OR_NO } from './schemas';

export const URL_TEXT: Schema = { type: 'string', format: 'uri' };
const UIDS = listOf(ID, { maxItems: MAX_BATCH_ITEMS });
const STATUSES = listOf(STATUS, { uniqueItems: true });
const NAME: Schema = { type: 'string', maxLength: 200 };
const CONCURRENCY: Schema = { type: 'integer', minimum: 1, maximum: 16 };
export const SECRET: Schema = {
  type: 'string',
  pattern: '^whsec_',
  description: 'signs what is sent; shown here only',
};

/** What may be said of a callback besides its address. */
export const CALLBACK_FIELDS: Readonly<Record<string, Schema>> = {
  'uids?': { ...UIDS, description: 'changes of these users only; empty: of everybody' },
  'statuses?': { ...STATUSES, description: 'changes to these statuses only; empty: to any' },
  'name?': { ...NAME, description: 'for people' },
  'concurrency?': { ...CONCURRENCY, default: 4, description: 'requests at once' },
};

const CALLBACK = {
  id: ID,
  url: URL_TEXT,
  'name?': NAME,
  uids: UIDS,
  statuses: STATUSES,
  concurrency: CONCURRENCY,
  state: { enum: ['active', 'paused'] },
  'pausedBecause?': { enum: ['asked', 'gone'], description: 'gone: the target said 410' },
  createdAt: MOMENT,
  waiting: COUNT,
  parked: COUNT,
};

/** Named schemas of what lib/callbacks/desk.ts tells. */
export const CALLBACK_SCHEMAS: Readonly<Record<string, Schema>> = {
  Callback: answer(CALLBACK),
  NewCallback: answer({ ...CALLBACK, secret: SECRET }),
  Delivery: answer({
    id: ID,
    uid: ID,
    to: STATUS,
    at: MOMENT,
    attempts: COUNT,
    'dueAt?': MOMENT,
    'lastError?': TEXT,
    state: { enum: [...DELIVERY_STATES] },
  }),
  TestResult: answer({
    ok: YES_OR_NO,
    'status?': { type: 'integer' },
    'error?': TEXT,
    tookMs: MILLISECONDS,
  }),
};
