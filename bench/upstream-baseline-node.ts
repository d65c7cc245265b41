import { MongoClient, type Collection, type Db } from 'mongodb';
import type { Context, ServiceBroker } from 'moleculer';
import { mongoUrlOf, runNode } from './bench-node';

/**
 * What Rocket.Chat's own service does per call, in the words of the contract (2.1, 2.3, 5.4, W1): update the
 * sessions, read the user, read the sessions, find-and-update the user (always; `_updatedAt` is bumped), broadcast
 * the whole user document. One call after the other as they come: nothing is batched, nothing suppressed.
 * It is no copy of that service: claims, limits and clean-up are left out, to its advantage.
 */
interface Connection {
  readonly id: string;
  readonly instanceId: string;
  readonly status: string;
  readonly _createdAt: Date;
  readonly _updatedAt: Date;
}

interface SessionsDocument {
  readonly _id: string;
  readonly connections?: readonly Connection[];
}

interface UserDocument {
  readonly _id: string;
  readonly status?: string;
  readonly statusDefault?: string;
}

/** As Rocket.Chat's driver has it by default. */
const POOL_SIZE = 100;

const PRESENCE_PROJECTION = {
  username: 1,
  type: 1,
  roles: 1,
  status: 1,
  statusDefault: 1,
  statusSource: 1,
  statusText: 1,
  statusExpiresAt: 1,
  statusConnection: 1,
  statusId: 1,
  previousState: 1,
};

class Baseline {
  private readonly users: Collection<UserDocument>;
  private readonly sessions: Collection<SessionsDocument>;

  constructor(db: Db) {
    this.users = db.collection('users');
    this.sessions = db.collection('usersSessions');
  }

  /** Upstream makes none; upgraded databases have these (contract 5.3). Without them each disconnect reads all documents. */
  async makeIndexes(): Promise<void> {
    await this.sessions.createIndex({ 'connections.instanceId': 1 }, { sparse: true });
    await this.sessions.createIndex({ 'connections.id': 1 }, { sparse: true });
  }

  async connect(uid: string, session: string, instanceId: string): Promise<void> {
    const at = new Date();
    const connection = { id: session, instanceId, status: 'online', _createdAt: at, _updatedAt: at };
    await this.sessions.updateOne({ _id: uid }, { $push: { connections: connection } }, { upsert: true });
  }

  /** @returns whether the connection was known */
  async touch(uid: string, session: string): Promise<boolean> {
    const filter = { _id: uid, 'connections.id': session };
    const { modifiedCount } = await this.sessions.updateOne(filter, {
      $set: { 'connections.$._updatedAt': new Date() },
    });
    return modifiedCount > 0;
  }

  async disconnect(session: string): Promise<void> {
    await this.sessions.updateMany({ 'connections.id': session }, { $pull: { connections: { id: session } } });
  }

  async recompute(broker: ServiceBroker, uid: string): Promise<void> {
    const user = await this.users.findOne({ _id: uid }, { projection: PRESENCE_PROJECTION });
    const sessions = await this.sessions.findOne({ _id: uid });
    if (!user) return;
    const statusConnection = reduced(sessions?.connections ?? []);
    const value = await this.users.findOneAndUpdate(
      { _id: uid },
      { $set: { status: shown(statusConnection, user.statusDefault), statusConnection, _updatedAt: new Date() } },
      { returnDocument: 'after' },
    );
    if (value) void broker.broadcast('presence.status', [{ user: value, previousStatus: user.status }]);
  }
}

/** Contract 8.1. */
function reduced(connections: readonly Connection[]): string {
  let status = 'offline';
  for (const entry of connections) {
    if (status !== 'online' && entry.status !== 'offline') status = entry.status;
  }
  return status;
}

/** Contract 8.2. */
function shown(statusConnection: string, statusDefault = 'online'): string {
  if (statusConnection === 'offline') return 'offline';
  return statusDefault === 'online' ? statusConnection : statusDefault;
}

void runNode(async (config) => {
  const client = await MongoClient.connect(mongoUrlOf(config), {
    maxPoolSize: POOL_SIZE,
    writeConcern: { w: 'majority', j: true },
  });
  const baseline = new Baseline(client.db());
  await baseline.makeIndexes();
  return {
    name: 'baseline',
    actions: {
      async newConnection({ params: [uid, session, nodeId], broker }: Context<[string, string, string]>) {
        await baseline.connect(uid, session, nodeId);
        await baseline.recompute(broker, uid);
        return { uid, connectionId: session };
      },
      async updateConnection({ params: [uid, connectionId], broker }: Context<[string, string]>) {
        if (!(await baseline.touch(uid, connectionId))) return undefined;
        await baseline.recompute(broker, uid);
        return { uid, connectionId };
      },
      async removeConnection({ params: [uid, session], broker }: Context<[string, string]>) {
        await baseline.disconnect(session);
        await baseline.recompute(broker, uid);
        return { uid, session };
      },
    },
    stopped: () => client.close(),
  };
});
