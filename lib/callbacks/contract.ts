import { DELIVERY_STATES, type DeliveryState } from '../../domain/callbacks';
import { wellFormed } from '../../domain/text';
import { STATUSES } from '../../domain/types';
import { ID, LIMIT, MAX_BATCH_ITEMS, reader } from '../wire/contract';
import { MAX_CONCURRENCY, type CallbackFields } from './desk';
import { MAX_URL } from './target';

const URL_TEXT = { type: 'string', min: 1, max: MAX_URL };
const OTHERS = {
  uids: { type: 'array', items: ID, max: MAX_BATCH_ITEMS, optional: true },
  statuses: {
    type: 'array',
    items: { type: 'enum', values: [...STATUSES] },
    max: STATUSES.length,
    unique: true,
    optional: true,
  },
  name: { type: 'string', max: 200, empty: true, optional: true },
  concurrency: { type: 'number', integer: true, min: 1, max: MAX_CONCURRENCY, optional: true },
};
const POSITIONS = ['uids', 'statuses', 'name', 'concurrency'];

interface DeliveriesArguments {
  readonly id: string;
  readonly state?: DeliveryState;
  readonly after?: string;
  readonly limit?: number;
}

/** As a database stores these texts; what is answered must be what is stored. */
function storable<T extends Partial<CallbackFields>>(given: T): T {
  const { url, name } = given;
  return { ...given, ...(url && { url: wellFormed(url) }), ...(name && { name: wellFormed(name) }) };
}

const register = reader<CallbackFields>(['url', ...POSITIONS], { url: URL_TEXT, ...OTHERS });
const update = reader<Partial<CallbackFields> & { id: string }>(['id', 'url', ...POSITIONS], {
  id: ID,
  url: { ...URL_TEXT, optional: true },
  ...OTHERS,
});

/** Reads of the parameters of each action of the service `callbacks`. */
export const readCallbacks = {
  register: (params: unknown) => storable(register(params)),
  update: (params: unknown) => storable(update(params)),
  id: reader<{ id: string }>(['id'], { id: ID }),
  deliveries: reader<DeliveriesArguments>(['id', 'state', 'after', 'limit'], {
    id: ID,
    state: { type: 'enum', values: [...DELIVERY_STATES], optional: true },
    after: { ...ID, optional: true },
    limit: LIMIT,
  }),
  retry: reader<{ id: string; delivery: string }>(['id', 'delivery'], { id: ID, delivery: ID }),
};
