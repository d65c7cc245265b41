import type { AnyBulkWriteOperation, Collection, Filter, UpdateFilter } from 'mongodb';
import {
  askedForAgain,
  PARKED_KEPT_MS,
  type Callback,
  type DeliveryState,
  type OutboxRow,
} from '../../../domain/callbacks';
import {
  ORPHANS_KEPT_MS,
  type CallbackStore,
  type DeliveryCounts,
  type DeliveryPage,
  type DeliverySettled,
} from '../callback-port';
import { isDuplicate, onlyDuplicates } from './errors';
import type { MongoConnection } from './connection';

export const CALLBACKS_COLLECTION = 'presence_callbacks';
export const OUTBOX_COLLECTION = 'presence_outbox';

const DROPPED_AT_ONCE = 10_000;
/** Fields of a delivery that attempts change. */
const TRIED = ['state', 'dueAt', 'attempts', 'firstAttemptAt', 'lastError', 'parkedAt'] as const;

/** The MongoDB twin's callbacks and outbox, two collections of this service's own. */
export class MongoCallbacks implements CallbackStore {
  constructor(private readonly connection: MongoConnection) {}

  all(): Promise<Callback[]> {
    return this.connection.patiently(() =>
      this.callbacks()
        .find({}, { sort: { createdAt: 1, _id: 1 }, batchSize: 1000 })
        .toArray(),
    );
  }

  async find(id: string): Promise<Callback | undefined> {
    return (await this.connection.patiently(() => this.callbacks().findOne({ _id: id }))) ?? undefined;
  }

  add(callback: Callback): Promise<void> {
    return this.connection.patiently(async () => {
      try {
        await this.callbacks().insertOne({ ...callback });
      } catch (thrown) {
        // There from an attempt whose answer got lost: ids are never used twice.
        if (!isDuplicate(thrown)) throw thrown;
      }
    });
  }

  async replace(before: Callback, after: Callback): Promise<boolean> {
    const { matchedCount } = await this.connection.patiently(() =>
      this.callbacks().replaceOne({ _id: before._id, rev: before.rev }, { ...after }),
    );
    return matchedCount > 0;
  }

  async remove(id: string): Promise<boolean> {
    let removed = 0;
    await this.connection.patiently(async () => {
      removed += (await this.callbacks().deleteOne({ _id: id })).deletedCount ?? 0;
    });
    await this.connection.patiently(() => this.outbox().deleteMany({ callback: id }));
    return removed > 0;
  }

  async put(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.connection.patiently(async () => {
      try {
        await this.outbox().insertMany([...rows], { ordered: false });
      } catch (thrown) {
        // There from an attempt whose answer got lost.
        if (!onlyDuplicates(thrown)) throw thrown;
      }
    });
  }

  due(callbacks: readonly string[], nowMs: number, limit: number): Promise<OutboxRow[]> {
    const filter = { callback: { $in: [...callbacks] }, state: 'waiting' as const, dueAt: { $lte: new Date(nowMs) } };
    const options = { sort: { dueAt: 1, _id: 1 } as const, limit, batchSize: limit + 1 };
    return this.connection.patiently(() => this.outbox().find(filter, options).toArray());
  }

  async settle(settled: readonly DeliverySettled[]): Promise<void> {
    if (settled.length === 0) return;
    await this.connection.patiently(() => this.outbox().bulkWrite(settled.map(statementOf), { ordered: false }));
  }

  page(callback: string, { state, after, limit }: DeliveryPage): Promise<OutboxRow[]> {
    const filter: Filter<OutboxRow> = {
      callback,
      ...(state === undefined ? {} : { state }),
      ...(after === undefined ? {} : { _id: { $gt: after } }),
    };
    const options = { sort: { _id: 1 as const }, limit, batchSize: limit + 1 };
    return this.connection.patiently(() => this.outbox().find(filter, options).toArray());
  }

  async retry(callback: string, id: string, nowMs: number): Promise<boolean> {
    return this.connection.patiently(async () => {
      const row = await this.outbox().findOne({ _id: id, callback });
      if (!row) return false;
      const updated = await this.outbox().updateOne({ _id: id }, updateTo(askedForAgain(row, nowMs)));
      return updated.matchedCount > 0;
    });
  }

  async counts(): Promise<ReadonlyMap<string, DeliveryCounts>> {
    const group = { $group: { _id: { callback: '$callback', state: '$state' }, rows: { $sum: 1 } } };
    type Group = { readonly _id: { readonly callback: string; readonly state: DeliveryState }; readonly rows: number };
    const groups = await this.connection.patiently(() => this.outbox().aggregate<Group>([group]).toArray());
    const counts = new Map<string, DeliveryCounts>();
    for (const { _id, rows } of groups) {
      const others = counts.get(_id.callback) ?? { waiting: 0, parked: 0 };
      counts.set(_id.callback, { ...others, [_id.state]: Number(rows) });
    }
    return counts;
  }

  async tidy(nowMs: number, most: number): Promise<number> {
    const registered = (await this.all()).map(({ _id }) => _id);
    const orphaned = { callback: { $nin: registered }, 'change.at': { $lte: new Date(nowMs - ORPHANS_KEPT_MS) } };
    const parked = { parkedAt: { $lte: new Date(nowMs - PARKED_KEPT_MS) } };
    for (const past of [parked, orphaned] as Filter<OutboxRow>[]) {
      await this.connection.patiently(() => this.outbox().deleteMany(past));
    }
    let dropped = 0;
    for (const [callback, { waiting, parked }] of await this.counts()) {
      dropped += await this.dropOldest(callback, waiting + parked - most);
    }
    return dropped;
  }

  private async dropOldest(callback: string, tooMany: number): Promise<number> {
    let dropped = 0;
    while (dropped < tooMany) {
      const limit = Math.min(tooMany - dropped, DROPPED_AT_ONCE);
      const oldest = await this.page(callback, { limit });
      const ids = oldest.map(({ _id }) => _id);
      if (ids.length === 0) break; // delivered meanwhile
      await this.connection.patiently(() => this.outbox().deleteMany({ _id: { $in: ids } }));
      dropped += ids.length;
    }
    return dropped;
  }

  private callbacks(): Collection<Callback> {
    return this.connection.collection(CALLBACKS_COLLECTION);
  }

  private outbox(): Collection<OutboxRow> {
    return this.connection.collection(OUTBOX_COLLECTION);
  }
}

/** Of one that is to be tried again only if nobody has settled it meanwhile; what is delivered is so in any case. */
function statementOf({ before, after }: DeliverySettled): AnyBulkWriteOperation<OutboxRow> {
  const { _id, attempts } = before;
  if (!after) return { deleteOne: { filter: { _id } } };
  return { updateOne: { filter: { _id, attempts }, update: updateTo(after) } };
}

function updateTo(row: OutboxRow): UpdateFilter<OutboxRow> {
  const set: Record<string, unknown> = {};
  const unset: Record<string, true> = {};
  for (const field of TRIED) {
    if (row[field] === undefined) unset[field] = true;
    else set[field] = row[field];
  }
  return Object.keys(unset).length > 0 ? { $set: set, $unset: unset } : { $set: set };
}
