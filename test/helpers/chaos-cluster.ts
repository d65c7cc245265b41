import { halfDone, storedIn, type StoredPresence } from './chaos-oracle';
import { eventually } from './eventually';
import { freePort } from './free-port';
import { freshDatabase, startMongo, withDb, type MongoServer } from './mongo-server';
import { startNats, type NatsServer } from './nats-server';
import { NodeProcess } from './node-process';
import { startRocketChatNode, type RocketChatNode } from './rocket-chat-node';

export const CORE = 'core-1';

export interface PresenceProcess {
  readonly id: string;
  readonly process: NodeProcess;
}

/** A replica that starts on a busy machine takes its time. */
const PATIENT = { timeoutMs: 60_000 };

/** A bus, a database and a Rocket.Chat node that listens; presence nodes as real processes are started on them. */
export class ChaosCluster {
  /** Those that run. */
  readonly replicas: PresenceProcess[] = [];
  private started = 0;

  private constructor(
    readonly mongo: MongoServer,
    readonly nats: NatsServer,
    readonly core: RocketChatNode,
    private readonly database: ReturnType<typeof freshDatabase>,
    private readonly env: Record<string, string>,
  ) {}

  /**
   * @param env of the presence nodes
   * @param patient whether the node that listens takes nobody for lost soon: not where replicas are killed
   */
  static async start(env: Record<string, string>, { patient = true } = {}): Promise<ChaosCluster> {
    const mongo = await startMongo(); // is never killed here, so it need not sync each write
    const nats = await startNats();
    const core = await startRocketChatNode(nats.url, CORE, [], { patient });
    return new ChaosCluster(mongo, nats, core, freshDatabase(mongo), env);
  }

  /** Starts presence nodes, under names never used before, and waits until they serve. @param env of these alone */
  async startReplicas(count: number, env: Record<string, string> = {}): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.startReplica(`presence-${++this.started}`, env)));
  }

  /** Ends the replica that has run for longest. */
  async endOldest(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.replicas.shift()!.process.end(signal);
  }

  /** A crash of all of them at the same moment. */
  async killAll(): Promise<void> {
    await Promise.all(this.replicas.splice(0).map(({ process }) => process.end('SIGKILL')));
  }

  /** The database, once nothing in it is half done. */
  whole(): Promise<StoredPresence> {
    return eventually(async () => {
      const stored = await this.stored();
      expect(halfDone(stored)).toEqual([]);
      return stored;
    }, PATIENT);
  }

  async stop(): Promise<void> {
    await this.killAll();
    await this.core.stop();
    await this.nats.stop();
    await this.database.drop();
    await this.mongo.stop();
  }

  private stored(): Promise<StoredPresence> {
    return withDb(this.database.url, storedIn);
  }

  private async startReplica(id: string, env: Record<string, string>): Promise<void> {
    const process = NodeProcess.start({
      TRANSPORTER: this.nats.url,
      MONGO_URL: this.database.url,
      INSTANCE_ID: id,
      PORT: String(await freePort()),
      SESSION_LEASE: '600', // longer than a test: no session may end by itself
      HEARTBEAT_INTERVAL: '1',
      LOG_LEVEL: 'warn',
      ...this.env,
      ...env,
    });
    this.replicas.push({ id, process });
    await eventually(() => this.core.callAt(id, 'getConnectionCount'), PATIENT);
  }
}
