import type { Collection } from 'mongodb';
import type { Observed, ObservedStore } from '../observed-port';
import type { MongoConnection } from './connection';

/** No user has this id. It stands for the first look, once that has been all the way through. */
const BEGUN = '';

/** What was seen of Rocket.Chat's users, a collection of this service's own. */
export class MongoObserved implements ObservedStore {
  constructor(private readonly connection: MongoConnection) {}

  begunAt(): Promise<Date | undefined> {
    return this.connection.patiently(async () => (await this.seen().findOne({ _id: BEGUN }))?.at);
  }

  noteBegun(at: Date): Promise<void> {
    return this.connection.patiently(async () => {
      await this.seen().updateOne({ _id: BEGUN }, { $set: { at } }, { upsert: true });
    });
  }

  async *all(size: number): AsyncIterable<Observed[]> {
    const options = { sort: { _id: 1 as const }, limit: size, batchSize: size + 1 };
    for (let after = BEGUN; ;) {
      const filter = { _id: { $gt: after } };
      const found = await this.connection.patiently(() => this.seen().find(filter, options).toArray());
      if (found.length === 0) return;
      yield found;
      after = found.at(-1)!._id;
    }
  }

  async put(seen: readonly Observed[]): Promise<void> {
    if (seen.length === 0) return;
    const statements = seen.map((one) => ({
      replaceOne: { filter: { _id: one._id }, replacement: defined(one), upsert: true },
    }));
    await this.connection.patiently(() => this.seen().bulkWrite(statements, { ordered: false }));
  }

  private seen(): Collection<Observed> {
    return this.connection.collection<Observed>('presence_observed');
  }
}

/** The driver would write null for what is undefined. */
function defined(one: Observed): Observed {
  return Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)) as unknown as Observed;
}
