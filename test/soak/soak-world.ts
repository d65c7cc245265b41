import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { freshDatabase, startMongo, type MongoServer } from '../helpers/mongo-server';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { startPresenceProcess, type PresenceProcess } from '../helpers/presence-process';
import { processProbe, type ProcessProbe } from '../helpers/process-figures';
import { startRedis, type RedisServer } from '../helpers/redis-server';
import { startRocketChatNode, type RocketChatNode } from '../helpers/rocket-chat-node';
import { TOKENS } from '../helpers/socket-client';

export const CORE = 'core-1';
/** Where most nodes were lost within a short time their sessions end only after a lease (decision 0007). */
export const LEASE_S = 600;
const STARTS_WITHIN = { timeoutMs: 60_000 };

export interface SoakReplica extends PresenceProcess {
  readonly port: number;
  readonly probe: ProcessProbe;
}

/** Two replicas as processes on one database, one bus and one cache, and the Rocket.Chat node that calls them. */
export class SoakWorld {
  private constructor(
    readonly mongo: MongoServer,
    readonly nats: NatsServer,
    readonly redis: RedisServer,
    readonly core: RocketChatNode,
    readonly databaseUrl: string,
    readonly replicas: readonly SoakReplica[],
  ) {}

  static async start(): Promise<SoakWorld> {
    const mongo = await startMongo({ durable: true }); // it is killed: what it acknowledged must be there after
    const nats = await startNats();
    const redis = await startRedis();
    const core = await startRocketChatNode(nats.url, CORE, [], { patient: true });
    const databaseUrl = freshDatabase(mongo).url;
    const replicas: SoakReplica[] = [];
    for (const id of ['presence-1', 'presence-2']) {
      replicas.push(await startReplica(core, id, { natsUrl: nats.url, mongoUrl: databaseUrl, redisUrl: redis.url }));
    }
    return new SoakWorld(mongo, nats, redis, core, databaseUrl, replicas);
  }

  /** Resolves once every replica says that it is healthy. */
  async healthy(): Promise<void> {
    await eventually(async () => {
      for (const replica of this.replicas) expect(await replica.health()).toBe(200);
    }, STARTS_WITHIN);
  }

  async stop(): Promise<void> {
    for (const { process } of this.replicas) await process.end('SIGTERM');
    await this.core.stop();
    await this.redis.stop();
    await this.nats.stop();
    await this.mongo.stop();
  }
}

async function startReplica(
  core: RocketChatNode,
  id: string,
  { natsUrl, mongoUrl, redisUrl }: Readonly<Record<'natsUrl' | 'mongoUrl' | 'redisUrl', string>>,
): Promise<SoakReplica> {
  const probe = processProbe();
  const port = await freePort();
  const env = {
    ...probe.env,
    PORT: String(port),
    CACHE: redisUrl,
    API_TOKENS: TOKENS,
    API_RATE_LIMIT: '0', // one address and one token stand for all clients here
    API_AUTH_FAILURES: '0',
    WS_MAX_CLIENTS_PER_CALLER: '0',
    WS_MAX_IDS_PER_CALLER: '0',
    SESSION_LEASE: String(LEASE_S), // longer than an outage here: no session ends by itself
    HEARTBEAT_TIMEOUT: '5',
    MS_METRICS: 'true',
    MS_METRICS_PORT: String(await freePort()),
  };
  const replica = await startPresenceProcess(core, { id, natsUrl, mongoUrl, env });
  return { ...replica, port, probe, health: async () => (await fetch(`http://127.0.0.1:${port}/health`)).status };
}
