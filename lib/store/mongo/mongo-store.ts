import type { Collection, FilterQuery } from 'mongodb';
import type {
  AppliedSessions,
  ConnectionCounts,
  PresenceStore,
  PresenceWrite,
  PresenceWritten,
  SessionWork,
} from '../port';
import { MongoConnection, type MongoOptions } from './connection';
import type { SessionsDocument } from './documents';
import { ensureIndexes } from './indexes';
import { MongoLedger } from './ledger';
import { SessionWriter } from './session-writer';
import { UserWriter, type UserDocument } from './user-writer';
import { slicesToVerify } from './slices';

export interface MongoStoreOptions extends MongoOptions {
  /** Whether to make indexes, once it is known whose the users are: an observer looks for nothing. */
  readonly makesIndexes: (ownUsers: boolean) => boolean;
  /** A lease younger than this is not written again. */
  readonly refreshAfterMs: number;
}

const EXPIRED_AT_ONCE = 1000;
const FIND_BATCH = 5000;

/**
 * The MongoDB twin: Rocket.Chat's collections and shapes (contract 5). A batch is read in one round trip,
 * its commands are applied by the rules, and what changed is written compare-and-set in one more;
 * those who lost against another replica are read again. No lock, no transaction.
 */
export class MongoStore implements PresenceStore {
  readonly isShared = true;
  private ownUsers = false;
  private readonly connection: MongoConnection;
  private readonly ledger: MongoLedger;
  private readonly sessionWriter: SessionWriter;
  private readonly userWriter: UserWriter;

  constructor(private readonly options: MongoStoreOptions) {
    this.connection = new MongoConnection(options);
    this.ledger = new MongoLedger(this.connection, () => this.createsUsers);
    this.sessionWriter = new SessionWriter(this.connection, options.refreshAfterMs);
    this.userWriter = new UserWriter(this.connection, () => this.createsUsers);
  }

  async open(): Promise<void> {
    await this.connection.open();
    await this.refresh();
    if (this.options.makesIndexes(this.ownUsers)) await ensureIndexes(this.connection);
  }

  /** Users are our own where Rocket.Chat has no settings, without which it never runs (contract 5.1). */
  async refresh(): Promise<void> {
    const settings = await this.connection.patiently(() =>
      this.connection.collection('rocketchat_settings').findOne({}),
    );
    this.ownUsers = settings === null;
  }

  get createsUsers(): boolean {
    return this.ownUsers;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  get isThere(): boolean {
    return this.connection.isThere;
  }

  applySessions(work: readonly SessionWork[], nowMs: number): Promise<AppliedSessions[]> {
    return this.sessionWriter.apply(work, nowMs);
  }

  writePresence(writes: readonly PresenceWrite[]): Promise<PresenceWritten> {
    return this.userWriter.write(writes, (uids) => this.sessionWriter.revsOf(uids));
  }

  async ownersOfSessions(sessionIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const asked = new Map<string, string[]>(sessionIds.map((id) => [id, []]));
    const documents = await this.findSessions(
      { 'connections.id': { $in: [...asked.keys()] } },
      { 'connections.id': 1 },
    );
    for (const { _id, connections = [] } of documents) {
      for (const id of new Set(connections.map((entry) => entry.id))) asked.get(id)?.push(_id);
    }
    return asked;
  }

  ownersOfInstance(instanceId: string): Promise<string[]> {
    return this.findOwners({ 'connections.instanceId': instanceId });
  }

  ownersOutside(keep: ReadonlySet<string>): Promise<string[]> {
    return this.findOwners({ connections: { $elemMatch: { instanceId: { $nin: [...keep] } } } });
  }

  usersExpired(nowMs: number): Promise<string[]> {
    return this.connection.patiently(async () => {
      const filter: FilterQuery<UserDocument> = { statusExpiresAt: { $lt: new Date(nowMs) } };
      const options = { projection: { _id: 1 }, sort: { statusExpiresAt: 1 }, limit: EXPIRED_AT_ONCE };
      return (await this.users().find(filter, options).toArray()).map(({ _id }) => _id);
    });
  }

  slicesToVerify(size: number): AsyncIterable<string[]> {
    return slicesToVerify(this.connection, size);
  }

  hearInstance(instanceId: string, connections: number | undefined, nowMs: number): Promise<void> {
    return this.ledger.hearInstance(instanceId, connections, nowMs);
  }

  forgetInstance(instanceId: string): Promise<void> {
    return this.ledger.forgetInstance(instanceId);
  }

  connections(nowMs: number): Promise<ConnectionCounts> {
    return this.ledger.connections(nowMs);
  }

  resetPeak(nowMs: number): Promise<void> {
    return this.ledger.resetPeak(nowMs);
  }

  broadcastEnabled(): Promise<boolean> {
    return this.ledger.broadcastEnabled();
  }

  setBroadcastEnabled(enabled: boolean): Promise<void> {
    return this.ledger.setBroadcastEnabled(enabled);
  }

  private findOwners(filter: FilterQuery<SessionsDocument>): Promise<string[]> {
    return this.findSessions(filter, { _id: 1 }).then((documents) => documents.map(({ _id }) => _id));
  }

  private findSessions(filter: FilterQuery<SessionsDocument>, projection: object): Promise<SessionsDocument[]> {
    return this.connection.patiently(() =>
      this.sessions().find(filter, { projection, batchSize: FIND_BATCH }).toArray(),
    );
  }

  private sessions(): Collection<SessionsDocument> {
    return this.connection.collection('usersSessions');
  }

  private users(): Collection<UserDocument> {
    return this.connection.collection('users');
  }
}
