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
  /** With the time it was told; both are absent while none was. */
  readonly connections?: number;
  readonly at?: Date;
  /** When the instance was last heard of. */
  readonly toldAt?: Date;
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
      const document = await this.state().findOneAndUpdate(
        { _id: PEAK },
        { $max: { peak: current } },
        { upsert: true, returnDocument: 'after' },
      );
      return { current, peak: document?.peak ?? current };
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
      const told = connections === undefined ? { toldAt: at } : { connections, at, toldAt: at };
      await this.instances().updateOne({ _id: instanceId }, { $set: told }, { upsert: true });
      if (connections !== undefined) return void (await this.connections(nowMs));
      await this.instances().updateOne({ _id: instanceId, connections: { $exists: true } }, { $set: { at } });
    });
  }

  forgetInstance(instanceId: string): Promise<void> {
    return this.connection.patiently(async () => {
      await this.instances().deleteOne({ _id: instanceId });
    });
  }

  /** Those heard of, and those of which Rocket.Chat keeps a document (contract 5.2). */
  toldInstances(nowMs: number): Promise<ReadonlySet<string>> {
    const since = (ms: number) => ({ $gte: new Date(nowMs - ms) });
    return this.connection.patiently(async () => {
      const only = { projection: { _id: 1 } };
      const [heard, documents] = await Promise.all([
        this.instances()
          .find({ toldAt: since(HEARD_FOR_MS) }, only)
          .toArray(),
        this.rocketChatInstances()
          .find({ _updatedAt: since(TOLD_FOR_MS) }, only)
          .toArray(),
      ]);
      return new Set([...heard, ...documents].map(({ _id }) => _id));
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
    const living = await this.rocketChatInstances()
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
    return sumOf(heard.map(({ connections }) => connections).filter(isCount));
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

  private rocketChatInstances(): Collection<RocketChatInstance> {
    return this.connection.collection('instances');
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
