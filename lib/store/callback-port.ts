import type { Callback, DeliveryState, OutboxRow } from '../../domain/callbacks';

/** A delivery that was attempted and what becomes of it. */
export interface DeliverySettled {
  readonly before: OutboxRow;
  /** Absent: it is delivered, and goes. */
  readonly after: OutboxRow | undefined;
}

export interface DeliveryPage {
  readonly state?: DeliveryState;
  /** Only those whose id is greater. */
  readonly after?: string;
  readonly limit: number;
}

export type DeliveryCounts = Readonly<Record<DeliveryState, number>>;

/** Rows of a callback that is gone are let go of when they are this old: before, a replica may know of a callback that another does not. */
export const ORPHANS_KEPT_MS = 60 * 60_000;

/**
 * Where callbacks are kept, and what is on its way to them. Both twins (embedded, MongoDB) pass the same contract suite. What
 * resolves is durable; methods reject with STORE_UNAVAILABLE when the store cannot be reached.
 */
export interface CallbackStore {
  /** All that are registered, the oldest first. */
  all(): Promise<Callback[]>;
  find(id: string): Promise<Callback | undefined>;
  add(callback: Callback): Promise<void>;
  /** Compare-and-set on `rev`, which `after` has counted up. @returns whether it was still as `before` */
  replace(before: Callback, after: Callback): Promise<boolean>;
  /** Removes a callback and all that is on its way to it. @returns whether it was there */
  remove(id: string): Promise<boolean>;

  /** Puts deliveries into the outbox. Those that are there already are left as they are: it is safe to repeat. */
  put(rows: readonly OutboxRow[]): Promise<void>;
  /** Deliveries that wait for these callbacks and are due, what is due first first. At most `limit`. */
  due(callbacks: readonly string[], nowMs: number, limit: number): Promise<OutboxRow[]>;
  /** Writes what became of deliveries; one that was settled otherwise meanwhile stays so. */
  settle(settled: readonly DeliverySettled[]): Promise<void>;
  /** Deliveries of a callback by their id: the oldest change first. */
  page(callback: string, page: DeliveryPage): Promise<OutboxRow[]>;
  /** Makes a delivery due now, as if it had never been tried. @returns whether it was there */
  retry(callback: string, id: string, nowMs: number): Promise<boolean>;
  /** By callback; one that has none is left out. */
  counts(): Promise<ReadonlyMap<string, DeliveryCounts>>;
  /**
   * Lets go of what was parked PARKED_KEPT_MS ago, of what is for nobody, and of the oldest deliveries of each callback beyond
   * `most`.
   *
   * @returns how many were too many
   */
  tidy(nowMs: number, most: number): Promise<number>;
}
