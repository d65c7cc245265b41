import type { InstanceStore } from '../instance-port';
import type { StoredInstance } from '../port';
import type { MongoLedger } from './ledger';
import type { MongoQueries } from './queries';

/** The MongoDB twin's instances. */
export class MongoInstances implements InstanceStore {
  constructor(
    private readonly queries: MongoQueries,
    private readonly ledger: MongoLedger,
  ) {}

  outside(keep: ReadonlySet<string>): Promise<StoredInstance[]> {
    return this.queries.instancesOutside(keep);
  }

  told(nowMs: number): Promise<ReadonlySet<string>> {
    return this.ledger.toldInstances(nowMs);
  }
}
