import { MongoClient, type Db } from 'mongodb';
import type { PresenceView } from '../../domain/view';
import { MongoStore } from '../../lib/store/mongo/mongo-store';
import { BusFixture } from './bus-fixture';
import { eventually } from './eventually';
import { freshDatabase, startMongo, type MongoServer } from './mongo-server';
import { REFRESH_AFTER_MS } from './presence-builders';
import type { Replica } from './replica';
import type { RocketChatNode } from './rocket-chat-node';

export const CORE = 'core-1';
export const REPLICAS = ['presence-1', 'presence-2', 'presence-3'] as const;
/** A change is visible everywhere within this. */
const VISIBLE = { timeoutMs: 1000 };

/** Three replicas that read from caches, and core, which also writes to the database past all of them. */
export class CacheFixture {
  private readonly commands = new Map<string, string[]>();

  private constructor(
    readonly server: MongoServer,
    private client: MongoClient,
    private readonly database: ReturnType<typeof freshDatabase>,
    readonly bus: BusFixture,
    private readonly env: Record<string, string>,
    private readonly withOplog: boolean,
    private node: RocketChatNode | undefined,
  ) {}

  /** @param withOplog whether replicas hear of changes from the oplog in place of a change stream */
  static async start(env: Record<string, string> = {}, withOplog = false): Promise<CacheFixture> {
    const server = await startMongo();
    const client = await connect(server);
    const database = freshDatabase(server);
    const fixture = new CacheFixture(server, client, database, await BusFixture.start(), env, withOplog, undefined);
    for (const nodeID of REPLICAS) await fixture.replica(nodeID);
    fixture.node = await fixture.bus.rocketChat(CORE);
    return fixture;
  }

  async stop(): Promise<void> {
    await this.bus.stop();
    await this.database.drop();
    await this.client.close();
    await this.server.stop();
  }

  get core(): RocketChatNode {
    return this.node!;
  }

  get db(): Db {
    return this.client.db(this.database.name);
  }

  /** @param change made to its store before it starts @param more of its configuration */
  replica(
    nodeID: string,
    change: (store: MongoStore) => void = () => undefined,
    more: Record<string, string> = {},
  ): Promise<Replica> {
    const historyDays = Number(this.env.HISTORY_RETENTION_DAYS ?? 0);
    const options = { patienceMs: 10_000, refreshAfterMs: REFRESH_AFTER_MS, makesIndexes: () => true, historyDays };
    const onCommand = (name: string) => void this.commandsOf(nodeID).push(name);
    const oplogUrl = this.withOplog ? this.server.url('local') : undefined;
    const store = new MongoStore({ ...options, url: this.database.url, oplogUrl, onCommand });
    change(store);
    const env = { SYNC_INTERVAL: '86400000', ...this.env, ...more };
    return this.bus.replica({ nodeID, store, mongoUrl: this.database.url, env });
  }

  async restartDatabase(): Promise<void> {
    await this.server.restart();
    await this.client.close();
    this.client = await connect(this.server);
  }

  /** How many times a replica has looked for documents. */
  finds(nodeID: string): number {
    return this.commandsOf(nodeID).filter((name) => name === 'find').length;
  }

  read(nodeID: string, uid: string): Promise<PresenceView> {
    return this.core.callAt<PresenceView>(nodeID, 'get', uid);
  }

  /** Waits, for as long as it may take, until a user is shown so at every replica. */
  everywhere(uid: string, shown: object): Promise<void> {
    return this.visible(REPLICAS, uid, shown);
  }

  visible(nodeIDs: readonly string[], uid: string, shown: object): Promise<void> {
    return eventually(async () => {
      for (const nodeID of nodeIDs) expect(await this.read(nodeID, uid)).toMatchObject(shown);
    }, VISIBLE);
  }

  /** As core does, past all replicas. */
  async rename(uid: string, name: string): Promise<void> {
    await this.db.collection<{ _id: string }>('users').updateOne({ _id: uid }, { $set: { name } });
  }

  private commandsOf(nodeID: string): string[] {
    const known = this.commands.get(nodeID) ?? [];
    this.commands.set(nodeID, known);
    return known;
  }
}

function connect(server: MongoServer): Promise<MongoClient> {
  return MongoClient.connect(server.url('admin'));
}
