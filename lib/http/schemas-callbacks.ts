import { DELIVERY_STATES } from '../../domain/callbacks';
import type { JsonSchema } from './operation';
import { arrayOf, COUNT, ID, NUMBER, oneOf, record, ref, TEXT, TIME } from './schema-parts';

const CALLBACK = {
  id: TEXT,
  url: TEXT,
  name: TEXT,
  uids: arrayOf(ID),
  statuses: arrayOf(ref('Status')),
  concurrency: COUNT,
  state: oneOf(['active', 'paused']),
  pausedBecause: oneOf(['asked', 'gone']),
  createdAt: TIME,
  waiting: COUNT,
  parked: COUNT,
};
const NEEDED = ['id', 'url', 'uids', 'statuses', 'concurrency', 'state', 'createdAt', 'waiting', 'parked'];

export const CALLBACK_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Callback: record(CALLBACK, NEEDED),
  NewCallback: record({ ...CALLBACK, secret: { ...TEXT, description: 'shown this once' } }, [...NEEDED, 'secret']),
  Secret: record({ secret: TEXT }),
  TestResult: record({ ok: { type: 'boolean' }, status: COUNT, error: TEXT, tookMs: NUMBER }, ['ok', 'tookMs']),
  Delivery: record(
    {
      id: TEXT,
      uid: ID,
      to: ref('Status'),
      at: TIME,
      attempts: COUNT,
      dueAt: TIME,
      lastError: TEXT,
      state: oneOf(DELIVERY_STATES),
    },
    ['id', 'uid', 'to', 'at', 'attempts', 'state'],
  ),
};
