import type { Collection } from 'mongodb';
import type { ConnectionCounts } from '../port';
import type { MongoConnection } from './connection';

const HEARD_FOR_MS = 5 * 60_000;
const BROADCAST = 'broadcast';
const PEAK = 'connections';

interface StateDocument {
  readonly _id: string;
  readonly enabled?: boolean;
  readonly peak?: number;
}

interface InstanceDocument {
  readonly _id: string;
  readonly connections: number;
  readonly at: Date;
}

/** What all replicas share beside users and sessions: the broadcast switch, the peak, counts heard from instances. */
export class MongoLedger {
  constructor(private readonly connection: MongoConnection) {}

  connections(nowMs: number): Promise<ConnectionCounts> {
    return this.connection.patiently(async () => {
      const current = await this.current(nowMs);
      const { value } = await this.state().findOneAndUpdate(
        { _id: PEAK },
        { $max: { peak: current } },
        { upsert: true, returnDocument: 'after' },
      );
      return { current, peak: value?.peak ?? current };
    });
  }

  resetPeak(nowMs: number): Promise<void> {
    return this.connection.patiently(async () => {
      const peak = await this.current(nowMs);
      await this.state().updateOne({ _id: PEAK }, { $set: { peak } }, { upsert: true });
    });
  }

  hearInstance(instanceId: string, connections: number | undefined, nowMs: number): Promise<void> {
    return this.connection.patiently(async () => {
      const at = new Date(nowMs);
      if (connections === undefined) await this.instances().updateOne({ _id: instanceId }, { $set: { at } });
      else await this.instances().updateOne({ _id: instanceId }, { $set: { connections, at } }, { upsert: true });
      if (connections !== undefined) await this.connections(nowMs);
    });
  }

  forgetInstance(instanceId: string): Promise<void> {
    return this.connection.patiently(async () => {
      await this.instances().deleteOne({ _id: instanceId });
    });
  }

  broadcastEnabled(): Promise<boolean> {
    return this.connection.patiently(async () => (await this.state().findOne({ _id: BROADCAST }))?.enabled ?? true);
  }

  setBroadcastEnabled(enabled: boolean): Promise<void> {
    return this.connection.patiently(async () => {
      await this.state().updateOne({ _id: BROADCAST }, { $set: { enabled } }, { upsert: true });
    });
  }

  /** The sum heard from instances; our own sessions where nothing is heard (contract W14, W15). */
  private async current(nowMs: number): Promise<number> {
    const fresh = { at: { $gte: new Date(nowMs - HEARD_FOR_MS) } };
    const heard = await this.instances().find(fresh).toArray();
    if (heard.length > 0) return heard.reduce((sum, { connections }) => sum + connections, 0);
    const [counted] = await this.connection
      .collection('usersSessions')
      .aggregate<{ n: number }>([
        { $match: { 'connections.0': { $exists: true } } },
        { $group: { _id: null, n: { $sum: { $size: '$connections' } } } },
      ])
      .toArray();
    return counted?.n ?? 0;
  }

  private state(): Collection<StateDocument> {
    return this.connection.collection('presence_state');
  }

  private instances(): Collection<InstanceDocument> {
    return this.connection.collection('presence_instances');
  }
}
