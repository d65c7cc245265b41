import {
  withSecret,
  type Callback,
  type DeliveryState,
  type OutboxRow,
  type PauseReason,
} from '../../domain/callbacks';
import type { Status } from '../../domain/types';
import { Turns } from '../turns';
import { PresenceError } from '../wire/errors';
import type { CallbackStore, DeliveryCounts } from '../store/callback-port';
import { newCallbackId, newSecret, newTestId } from './ids';
import { testMessageOf } from './message';
import type { Attempt, PostRequest } from './post';
import { refusalOf, type TargetPolicy } from './target';

/** What may be said of a callback; of an update all is optional. */
export interface CallbackFields {
  readonly url: string;
  readonly name?: string;
  readonly uids?: readonly string[];
  readonly statuses?: readonly Status[];
  readonly concurrency?: number;
}

/** A callback as it is told: never with its secret. */
export interface CallbackView {
  readonly id: string;
  readonly url: string;
  readonly name?: string;
  readonly uids: readonly string[];
  readonly statuses: readonly Status[];
  readonly concurrency: number;
  readonly state: 'active' | 'paused';
  /** Why it is paused: somebody asked for that, or the target said 410 Gone. */
  readonly pausedBecause?: PauseReason;
  readonly createdAt: Date;
  /** Deliveries in the outbox. */
  readonly waiting: number;
  readonly parked: number;
}

export interface DeliveryView {
  readonly id: string;
  readonly uid: string;
  readonly to: Status;
  readonly at: Date;
  readonly attempts: number;
  /** Absent where nothing is due any more. */
  readonly dueAt?: Date;
  readonly lastError?: string;
  readonly state: DeliveryState;
}

export interface DeliveriesPage {
  readonly deliveries: readonly DeliveryView[];
  /** The `after` of the next page. */
  readonly next?: string;
}

export interface TestResult {
  readonly ok: boolean;
  readonly status?: number;
  readonly error?: string;
  readonly tookMs: number;
}

export interface CallbackDeskOptions extends TargetPolicy {
  readonly store: CallbackStore;
  readonly clock: () => number;
  readonly post: (request: PostRequest) => Promise<Attempt>;
  /** What is registered has changed: resolves once this replica goes by it. */
  readonly onChanged: (id: string) => Promise<void>;
  /** Resolves once every replica goes by what was registered before, also one that hears of nothing. */
  readonly everywhere: () => Promise<void>;
}

export const MAX_CALLBACKS = 200;
const DEFAULT_CONCURRENCY = 4;
export const MAX_CONCURRENCY = 16;
const DEFAULT_PAGE = 100;

/** Where callbacks are registered and looked after. Methods that name one throw UNKNOWN_CALLBACK where there is none; all STORE_UNAVAILABLE. */
export class CallbackDesk {
  private readonly turns = new Turns();

  constructor(private readonly options: CallbackDeskOptions) {}

  /**
   * @returns the callback and its secret, which is shown here only; changes that are made from now on are delivered
   * @throws PresenceError TARGET_REFUSED; TOO_MANY_CALLBACKS
   */
  async register(given: CallbackFields): Promise<CallbackView & { readonly secret: string }> {
    const { clock, onChanged, everywhere } = this.options;
    this.checkTarget(given.url);
    const { url, name, uids = [], statuses = [], concurrency = DEFAULT_CONCURRENCY } = given;
    const secret = newSecret();
    const fields = { url, ...(name ? { name } : {}), uids, statuses, concurrency };
    const callback: Callback = {
      _id: newCallbackId(),
      rev: 1,
      ...fields,
      secret,
      oldSecrets: [],
      createdAt: new Date(clock()),
    };
    await this.turns.take(() => this.keep(callback));
    await onChanged(callback._id);
    await everywhere();
    return { ...viewOf(callback, undefined), secret };
  }

  /** All that are registered, the oldest first. */
  async list(): Promise<{ readonly callbacks: readonly CallbackView[] }> {
    const { store } = this.options;
    const [callbacks, counts] = await Promise.all([store.all(), store.counts()]);
    return { callbacks: callbacks.map((callback) => viewOf(callback, counts.get(callback._id))) };
  }

  async get(id: string): Promise<CallbackView> {
    return this.shown(await this.find(id));
  }

  /** Fields that are not given stay; an empty name takes it away. @throws PresenceError TARGET_REFUSED */
  async update(id: string, { name, ...given }: Partial<CallbackFields>): Promise<CallbackView> {
    if (given.url !== undefined) this.checkTarget(given.url);
    const updated = await this.change(id, ({ name: was, ...callback }) => {
      const named = name ?? was;
      return { ...callback, ...given, ...(named ? { name: named } : {}) };
    });
    await this.options.everywhere();
    return this.shown(updated);
  }

  /** Removes it and all that is on its way to it. @returns whether there was one */
  async remove(id: string): Promise<boolean> {
    const removed = await this.options.store.remove(id);
    if (removed) await this.options.onChanged(id);
    return removed;
  }

  /** Sends something at once, also while it is paused. @returns what became of it */
  async test(id: string): Promise<TestResult> {
    const { clock, post } = this.options;
    const callback = await this.find(id);
    const startedAt = performance.now();
    const { ok, status, error } = await post(testMessageOf(callback, newTestId(), clock()));
    return { ok, status, error, tookMs: Math.round(performance.now() - startedAt) };
  }

  /** @returns the new secret, which is shown here only; the one before signs beside it for a day */
  async rotateSecret(id: string): Promise<{ readonly secret: string }> {
    const secret = newSecret();
    await this.change(id, (callback) => withSecret(callback, secret, this.options.clock()));
    return { secret };
  }

  /** Nothing is sent until it is resumed; changes wait in the outbox. */
  async pause(id: string): Promise<CallbackView> {
    return this.shown(await this.change(id, (callback) => ({ ...callback, paused: 'asked' })));
  }

  /** Its target wants no more. Nothing happens where it was sent elsewhere, paused or removed meanwhile. @param seen as it was called */
  async gone({ _id, url }: Callback): Promise<void> {
    const { store, onChanged } = this.options;
    for (;;) {
      const before = await store.find(_id);
      if (!before || before.url !== url || before.paused) return;
      if (!(await store.replace(before, { ...before, paused: 'gone', rev: before.rev + 1 }))) continue;
      return onChanged(_id);
    }
  }

  async resume(id: string): Promise<CallbackView> {
    return this.shown(await this.change(id, ({ paused: _paused, ...callback }) => callback));
  }

  /** What is on its way to a callback, the oldest change first. */
  async deliveries(
    id: string,
    { state, after, limit = DEFAULT_PAGE }: { state?: DeliveryState; after?: string; limit?: number },
  ): Promise<DeliveriesPage> {
    await this.find(id);
    const rows = await this.options.store.page(id, { state, after, limit: limit + 1 });
    const next = rows.length > limit ? rows[limit - 1]!._id : undefined;
    return { deliveries: rows.slice(0, limit).map(deliveryOf), ...(next === undefined ? {} : { next }) };
  }

  /** Makes a delivery due now and gives it a day anew. @returns whether there was one */
  async retry(id: string, delivery: string): Promise<boolean> {
    await this.find(id);
    return this.options.store.retry(id, delivery, this.options.clock());
  }

  /**
   * One after the other, or all that come at once would find room. Only in this process: replicas that register the last
   * one in the same moment may go over the limit together, by one each at most.
   */
  private async keep(callback: Callback): Promise<void> {
    const { store } = this.options;
    if ((await store.all()).length >= MAX_CALLBACKS) {
      throw new PresenceError('TOO_MANY_CALLBACKS', `there are ${MAX_CALLBACKS} callbacks at most`);
    }
    await store.add(callback);
  }

  private checkTarget(url: string): void {
    const reason = refusalOf(url, this.options);
    if (reason) throw new PresenceError('TARGET_REFUSED', `url: ${reason}`, { field: 'url', reason });
  }

  private async find(id: string): Promise<Callback> {
    const callback = await this.options.store.find(id);
    if (!callback) throw new PresenceError('UNKNOWN_CALLBACK', 'there is no such callback', { id });
    return callback;
  }

  /** Until nobody else was faster. */
  private async change(id: string, make: (callback: Callback) => Callback): Promise<Callback> {
    for (;;) {
      const before = await this.find(id);
      const after = { ...make(before), rev: before.rev + 1 };
      if (!(await this.options.store.replace(before, after))) continue;
      await this.options.onChanged(id);
      return after;
    }
  }

  private async shown(callback: Callback): Promise<CallbackView> {
    return viewOf(callback, (await this.options.store.counts()).get(callback._id));
  }
}

/** The fields by name: what is kept besides must not get out. */
function viewOf(callback: Callback, counts: DeliveryCounts | undefined): CallbackView {
  const { _id: id, url, name, uids, statuses, concurrency, paused, createdAt } = callback;
  const state = paused ? 'paused' : 'active';
  const { waiting = 0, parked = 0 } = counts ?? {};
  return { id, url, name, uids, statuses, concurrency, state, pausedBecause: paused, createdAt, waiting, parked };
}

function deliveryOf({ _id: id, change, attempts, dueAt, lastError, state }: OutboxRow): DeliveryView {
  const { uid, to, at } = change;
  return { id, uid, to, at, attempts, ...(state === 'waiting' ? { dueAt } : {}), lastError, state };
}
