import type { Collection } from 'mongodb';
import { isDuplicate } from './bulk';
import type { MongoConnection } from './connection';

interface LeaseDocument {
  readonly _id: string;
  readonly holder: string;
  readonly until: Date;
}

/** An index ends documents HEARTBEATS_KEPT_MS after `at` (indexes.ts). */
interface NodeDocument {
  readonly _id: string;
  readonly heartbeats: true;
  readonly at: Date;
}

/** What replicas agree on through the database: who does a job, what time it is, which instances send heartbeats. */
export class MongoCoordination {
  constructor(private readonly connection: MongoConnection) {}

  /**
   * Takes or renews the lease on a job (port: `lead`). While the database is away this waits as long as every operation,
   * which may be longer than the lease: so the holder must measure, on a monotonic clock of its own and from before
   * it asked, for how long it has it, and not wait for this answer to learn that it has ended.
   *
   * @throws PresenceError STORE_UNAVAILABLE
   */
  async lead(job: string, holder: string, ttlMs: number): Promise<boolean> {
    // The server's time as it was then, uncorrected: never ahead, so that nobody's lease is taken before its end. And
    // read once: a repetition that comes late takes no more than was asked for.
    const { thenMs } = await this.serverTime();
    // A lease without a time, of another writer's making, is nobody's. The driver's types know no such comparison.
    const isNoTime: object = { until: { $not: { $type: 'date' } } };
    const isFree = { $or: [{ holder }, { until: { $lte: new Date(thenMs) } }, isNoTime] };
    const taken = { $set: { holder, until: new Date(thenMs + ttlMs) } };
    return this.connection.patiently(async () => {
      try {
        await this.leases().findOneAndUpdate({ _id: job, ...isFree }, taken, { upsert: true });
        return true;
      } catch (thrown) {
        // The upsert ran into the document that the filter passes over: another holds it, or was faster.
        if (isDuplicate(thrown)) return false;
        throw thrown;
      }
    });
  }

  resign(job: string, holder: string): Promise<void> {
    return this.connection.patiently(async () => {
      await this.leases().deleteOne({ _id: job, holder });
    });
  }

  /**
   * The server's clock, that of the primary: all replicas go by it. Its answer is taken to be from the middle of the
   * round trip, so it is wrong by half of that at most.
   *
   * @returns epoch milliseconds
   * @throws PresenceError STORE_UNAVAILABLE
   */
  async timeMs(): Promise<number> {
    const { thenMs, roundTripMs } = await this.serverTime();
    return Math.round(thenMs + roundTripMs / 2);
  }

  /** On the server's clock, which also ends the note. */
  noteHeartbeats(instanceId: string): Promise<void> {
    return this.connection.patiently(async () => {
      // The driver's types know no fields for $currentDate.
      const noted: object = { $set: { heartbeats: true }, $currentDate: { at: true } };
      await this.nodes().updateOne({ _id: instanceId }, noted, { upsert: true });
    });
  }

  heartbeatingInstances(): Promise<ReadonlySet<string>> {
    return this.connection.patiently(async () => {
      const noted = await this.nodes()
        .find({ heartbeats: true }, { projection: { _id: 1 } })
        .toArray();
      return new Set(noted.map(({ _id }) => _id));
    });
  }

  /** What the server's clock showed when it answered, and how long it took to ask. */
  private serverTime(): Promise<{ readonly thenMs: number; readonly roundTripMs: number }> {
    return this.connection.patiently(async () => {
      const askedAt = performance.now();
      // Not `hello`, which older servers do not know.
      const { localTime } = (await this.connection.command({ isMaster: 1 })) as { localTime: Date };
      return { thenMs: localTime.getTime(), roundTripMs: performance.now() - askedAt };
    });
  }

  private leases(): Collection<LeaseDocument> {
    return this.connection.collection('presence_leases');
  }

  private nodes(): Collection<NodeDocument> {
    return this.connection.collection('presence_nodes');
  }
}
