import type { Context, Middleware, Service, ServiceBroker } from 'moleculer';
import { PATIENCE } from '../store/create-store';
import type { PresenceStore } from '../store/port';
import { SERVICE_NAME } from '../wire/contract';
import { PresenceError } from '../wire/errors';

/** Services whose actions wait for the store. */
const SERVICES: ReadonlySet<unknown> = new Set([SERVICE_NAME, 'history', 'activity', 'callbacks']);
/** Rejected as the last resort (decisions/0017): these wait longer, and see to it themselves. */
const KEPT: ReadonlySet<unknown> = new Set(
  ['newConnection', 'removeConnection'].map((one) => `${SERVICE_NAME}.${one}`),
);

interface StoreView extends Service {
  readonly store: Pick<PresenceStore, 'isThere'>;
}
type Handler = (ctx: Context) => Promise<unknown>;

/**
 * A call that has waited for nine tenths of its time-out while the store is away fails with STORE_UNAVAILABLE, whatever it waits
 * for: an operation, the flush before its own, or several operations one after another. Without this it would end in a TIMEOUT.
 */
export function storeDeadlineMiddleware(): Middleware {
  const middleware = {
    localAction(
      this: ServiceBroker,
      next: Handler,
      action: { readonly name: string; readonly service?: Service },
    ): Handler {
      if (!SERVICES.has(action.service?.name) || KEPT.has(action.name)) return next;
      return (ctx) => {
        const { timeout } = ctx.options;
        return timeout ? inTime(next(ctx), timeout * PATIENCE, () => isAway(this)) : next(ctx);
      };
    },
  };
  return middleware as unknown as Middleware; // Moleculer's types give `this` of no kind
}

function isAway(broker: ServiceBroker): boolean {
  const service = broker.getLocalService(SERVICE_NAME) as StoreView | undefined;
  return service?.store.isThere === false;
}

function inTime<T>(answer: Promise<T>, ms: number, isStoreAway: () => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (isStoreAway()) reject(new PresenceError('STORE_UNAVAILABLE', 'the store is away, and has been waited for'));
    }, ms);
    const settle = () => clearTimeout(timer);
    answer.finally(settle).then(resolve, reject);
  });
}
