import { askedForAgain, PARKED_KEPT_MS, type Callback, type OutboxRow } from '../../domain/callbacks';
import { groupBy } from '../group-by';
import { Turns } from '../turns';
import type { Availability } from './availability';
import {
  ORPHANS_KEPT_MS,
  type CallbackStore,
  type DeliveryCounts,
  type DeliveryPage,
  type DeliverySettled,
} from './callback-port';
import { DocumentFile } from './document-file';
import { byDue, DueOrder } from './due-order';

/** The embedded twin's callbacks and outbox: two files, of which everything is in memory. */
export class EmbeddedCallbacks implements CallbackStore {
  private readonly callbacks: DocumentFile<Callback>;
  private readonly outbox: DocumentFile<OutboxRow>;
  /** What waits, by callback. */
  private waiting = new Map<string, DueOrder<OutboxRow>>();
  /** Of each file. Who has a turn of the callbacks may wait for one of the outbox, not the other way round. */
  private readonly turns = { callbacks: new Turns(), outbox: new Turns() };

  /** @param fileOf where a file of this name lies; undefined: in memory only */
  constructor(fileOf: (name: string) => string | undefined, availability?: Availability) {
    this.callbacks = new DocumentFile(fileOf('presence_callbacks.db'), availability);
    this.outbox = new DocumentFile(fileOf('presence_outbox.db'), availability);
  }

  async open(): Promise<void> {
    await this.callbacks.open();
    await this.outbox.open();
    this.order();
  }

  async close(): Promise<void> {
    await this.turns.callbacks.take(() => this.callbacks.close());
    await this.turns.outbox.take(() => this.outbox.close());
  }

  async all(): Promise<Callback[]> {
    return [...this.callbacks.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || byId(a, b));
  }

  async find(id: string): Promise<Callback | undefined> {
    return this.callbacks.get(id);
  }

  add(callback: Callback): Promise<void> {
    return this.turns.callbacks.take(() => this.callbacks.putAll([callback]));
  }

  replace(before: Callback, after: Callback): Promise<boolean> {
    return this.turns.callbacks.take(async () => {
      if (this.callbacks.get(before._id)?.rev !== before.rev) return false;
      await this.callbacks.putAll([after]);
      await this.callbacks.forgetOld(); // of a secret that was taken back nothing stays
      return true;
    });
  }

  remove(id: string): Promise<boolean> {
    return this.turns.callbacks.take(async () => {
      if (!this.callbacks.get(id)) return false;
      await this.callbacks.eraseAll([id]);
      await this.turns.outbox.take(() => this.outbox.eraseAll(this.rowsOf(id).map(({ _id }) => _id)));
      this.waiting.delete(id);
      return true;
    });
  }

  put(rows: readonly OutboxRow[]): Promise<void> {
    return this.turns.outbox.take(() => this.keep(rows.filter(({ _id }) => !this.outbox.get(_id))));
  }

  async due(callbacks: readonly string[], nowMs: number, limit: number): Promise<OutboxRow[]> {
    const isCurrent = (row: OutboxRow) => this.outbox.get(row._id) === row;
    const found = callbacks.flatMap((id) => this.waiting.get(id)?.first(nowMs, limit, isCurrent) ?? []);
    return found.sort(byDue).slice(0, limit);
  }

  settle(settled: readonly DeliverySettled[]): Promise<void> {
    return this.turns.outbox.take(async () => {
      const there = settled.filter(({ before }) => this.outbox.get(before._id) !== undefined);
      const isAsRead = ({ before }: DeliverySettled) => this.outbox.get(before._id)!.attempts === before.attempts;
      await this.keep(there.filter(isAsRead).flatMap(({ after }) => after ?? []));
      await this.outbox.removeAll(there.filter(({ after }) => !after).map(({ before }) => before._id));
    });
  }

  async page(callback: string, { state, after = '', limit }: DeliveryPage): Promise<OutboxRow[]> {
    const asked = this.rowsOf(callback).filter((row) => row._id > after && (!state || row.state === state));
    return asked.sort(byId).slice(0, limit);
  }

  retry(callback: string, id: string, nowMs: number): Promise<boolean> {
    return this.turns.outbox.take(async () => {
      const row = this.outbox.get(id);
      if (row?.callback !== callback) return false;
      await this.keep([askedForAgain(row, nowMs)]);
      return true;
    });
  }

  async counts(): Promise<ReadonlyMap<string, DeliveryCounts>> {
    const counts = new Map<string, Record<keyof DeliveryCounts, number>>();
    for (const { callback, state } of this.outbox.values()) {
      const of = counts.get(callback) ?? { waiting: 0, parked: 0 };
      of[state] += 1;
      counts.set(callback, of);
    }
    return counts;
  }

  tidy(nowMs: number, most: number): Promise<number> {
    return this.turns.outbox.take(() => this.dropOld(nowMs, most));
  }

  private async dropOld(nowMs: number, most: number): Promise<number> {
    const past = [...this.outbox.values()].filter((row) => this.isPast(row, nowMs));
    await this.outbox.removeAll(past.map(({ _id }) => _id));
    const byCallback = groupBy(this.outbox.values(), ({ callback }) => callback);
    const tooMany = [...byCallback.values()].flatMap((rows) =>
      rows.length > most ? rows.sort(byId).slice(0, rows.length - most) : [],
    );
    await this.outbox.removeAll(tooMany.map(({ _id }) => _id));
    this.order(); // rows that are gone, of callbacks that nobody asks for, would stay there for ever
    return tooMany.length;
  }

  private async keep(rows: readonly OutboxRow[]): Promise<void> {
    await this.outbox.putAll(rows);
    for (const row of rows) this.enqueue(row);
  }

  private order(): void {
    this.waiting = new Map();
    for (const row of this.outbox.values()) this.enqueue(row);
  }

  private enqueue(row: OutboxRow): void {
    if (row.state !== 'waiting') return;
    const order = this.waiting.get(row.callback) ?? new DueOrder<OutboxRow>();
    this.waiting.set(row.callback, order);
    order.push(row);
  }

  private isPast({ callback, parkedAt, change }: OutboxRow, nowMs: number): boolean {
    if (parkedAt && parkedAt.getTime() <= nowMs - PARKED_KEPT_MS) return true;
    return !this.callbacks.get(callback) && change.at.getTime() <= nowMs - ORPHANS_KEPT_MS;
  }

  private rowsOf(callback: string): OutboxRow[] {
    return [...this.outbox.values()].filter((row) => row.callback === callback);
  }
}

function byId(a: { readonly _id: string }, b: { readonly _id: string }): number {
  return a._id < b._id ? -1 : 1;
}
