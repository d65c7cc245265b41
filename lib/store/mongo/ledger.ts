import type { Collection } from 'mongodb';
import type { ConnectionCounts } from '../port';
import type { MongoConnection } from './connection';

const HEARD_FOR_MS = 5 * 60_000;
/** A document of Rocket.Chat's not written for this long is that of an instance that is gone. */
const TOLD_FOR_MS = 2 * 60_000;
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

/** Of `instances`, Rocket.Chat's own collection, what is read here. */
interface RocketChatInstance {
  readonly _id: string;
  readonly extraInformation?: { readonly conns?: unknown };
  readonly _updatedAt?: Date;
}

/** What all replicas share beside users and sessions: the broadcast switch, the peak, counts heard from instances. */
export class MongoLedger {
  /** @param ownsUsers whether the users are our own: then there is no Rocket.Chat that counts */
  constructor(
    private readonly connection: MongoConnection,
    private readonly ownsUsers: () => boolean,
  ) {}

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

  /** What Rocket.Chat counts; else the sum heard from instances; our own sessions where nothing is heard (contract W14, W15). */
  private async current(nowMs: number): Promise<number> {
    return (await this.countedByRocketChat(nowMs)) ?? (await this.heard(nowMs)) ?? (await this.ownSessions());
  }

  /** Rocket.Chat's own counts need no event to arrive. Undefined where no living instance has one. */
  private async countedByRocketChat(nowMs: number): Promise<number | undefined> {
    if (this.ownsUsers()) return undefined;
    const living = await this.connection
      .collection<RocketChatInstance>('instances')
      .find(
        { _updatedAt: { $gte: new Date(nowMs - TOLD_FOR_MS) }, 'extraInformation.conns': { $gte: 0 } },
        { projection: { 'extraInformation.conns': 1 } },
      )
      .toArray();
    return sumOf(living.map(({ extraInformation }) => extraInformation?.conns).filter(isCount));
  }

  private async heard(nowMs: number): Promise<number | undefined> {
    const fresh = { at: { $gte: new Date(nowMs - HEARD_FOR_MS) } };
    const heard = await this.instances().find(fresh).toArray();
    return sumOf(heard.map(({ connections }) => connections));
  }

  private async ownSessions(): Promise<number> {
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

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** Undefined of nothing: a sum of 0 is one that somebody counted. */
function sumOf(counts: readonly number[]): number | undefined {
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}
