import type { UserRecord } from '../../../domain/types';
import type { Availability } from '../availability';
import type { StoredInstance } from '../instance-port';
import type {
  AppliedSessions,
  ConnectionCounts,
  PresenceStore,
  PresenceWrite,
  SessionOwners,
  SessionsAsRead,
  SessionWork,
  StatusCounts,
  UserFilter,
} from '../port';
import { MongoCallbacks } from './callbacks';
import { changeStreamOf } from './change-source';
import { MongoConnection, type MongoOptions } from './connection';
import { MongoCoordination } from './coordination';
import type { SessionsDocument } from './documents';
import { MongoHistory } from './history';
import { ensureIndexes } from './indexes';
import { MongoInstances } from './instances';
import { MongoLedger } from './ledger';
import { MongoNotes } from './notes';
import { MongoObserved } from './observed';
import { oplogOf, probeOplog } from './oplog';
import { MongoOutsideWrites, outsideByOplog, outsideByStream } from './outside-writes';
import { MongoQueries } from './queries';
import { MongoSchedules } from './schedules';
import { SessionWriter } from './session-writer';
import { slicesToVerify } from './slices';
import { MongoUserChanges } from './user-changes';
import { UserWriter } from './user-writer';

export interface MongoStoreOptions extends MongoOptions {
  /** Whether to make indexes on Rocket.Chat's collections, once it is known whose the users are: an observer makes none. */
  readonly makesIndexes: (ownUsers: boolean) => boolean;
  /** A lease younger than this is not written again. */
  readonly refreshAfterMs: number;
  /** How long changes are kept; 0: not at all. */
  readonly historyDays?: number;
  /** Where changes are read in place of a change stream. Holds credentials: shown nowhere. */
  readonly oplogUrl?: string;
}

/**
 * The MongoDB twin: Rocket.Chat's collections and shapes (contract 5). A batch is read in one round trip,
 * its commands are applied by the rules, and what changed is written compare-and-set in one more;
 * those who lost against another replica are read again. No lock, no transaction.
 */
export class MongoStore implements PresenceStore {
  readonly isShared = true;
  readonly history: MongoHistory;
  readonly schedules: MongoSchedules;
  readonly callbacks: MongoCallbacks;
  readonly notes: MongoNotes;
  readonly instances: MongoInstances;
  readonly userChanges: MongoUserChanges;
  readonly observed: MongoObserved;
  readonly outsideWrites: MongoOutsideWrites;
  private ownUsers = false;
  private readonly connection: MongoConnection;
  private readonly queries: MongoQueries;
  private readonly coordination: MongoCoordination;
  private readonly ledger: MongoLedger;
  private readonly sessionWriter: SessionWriter;
  private readonly userWriter: UserWriter;

  constructor(private readonly options: MongoStoreOptions) {
    this.connection = new MongoConnection(options);
    this.queries = new MongoQueries(this.connection);
    this.coordination = new MongoCoordination(this.connection);
    this.history = new MongoHistory(this.connection, options.historyDays ?? 0);
    this.schedules = new MongoSchedules(this.connection);
    this.callbacks = new MongoCallbacks(this.connection);
    this.notes = new MongoNotes(this.connection);
    this.observed = new MongoObserved(this.connection);
    const { oplogUrl } = options;
    const name = () => this.connection.databaseName;
    const outside = oplogUrl ? outsideByOplog(oplogUrl, name) : outsideByStream(this.connection);
    this.outsideWrites = new MongoOutsideWrites(outside);
    const source = oplogUrl ? oplogOf(oplogUrl, name) : changeStreamOf(this.connection);
    this.userChanges = new MongoUserChanges(this.connection, source);
    this.ledger = new MongoLedger(this.connection, () => this.createsUsers);
    this.instances = new MongoInstances(this.connection, this.queries, this.ledger);
    this.sessionWriter = new SessionWriter(this.connection, options.refreshAfterMs);
    this.userWriter = new UserWriter(this.connection, () => this.createsUsers);
  }

  async open(): Promise<void> {
    await this.connection.open();
    if (this.options.oplogUrl) await probeOplog(this.options.oplogUrl);
    await this.refresh();
    const [theirs, { historyDays }] = [this.options.makesIndexes(this.ownUsers), this.options];
    await ensureIndexes(this.connection, { theirs, historyDays });
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

  get availability(): Availability {
    return this.connection.availability;
  }

  applySessions(work: readonly SessionWork[], nowMs: number, asRead?: SessionsAsRead): Promise<AppliedSessions[]> {
    return this.sessionWriter.apply(work, nowMs, asRead as ReadonlyMap<string, SessionsDocument> | undefined);
  }

  writePresence(writes: readonly PresenceWrite[]): Promise<ReadonlySet<string>> {
    return this.userWriter.write(writes);
  }

  async removeUsers(uids: readonly string[]): Promise<void> {
    const gone = await this.userWriter.remove(uids);
    await this.sessionWriter.removeEmpty(gone);
    await this.schedules.removeOf(gone);
  }

  pruneTombstones(nowMs: number): Promise<void> {
    return this.sessionWriter.pruneTombstones(nowMs);
  }

  sessionsMoved(written: readonly PresenceWrite[]): Promise<ReadonlySet<string>> {
    return this.sessionWriter.moved(written);
  }

  ownersOfSessions(sessionIds: readonly string[]): Promise<SessionOwners> {
    return this.queries.ownersOfSessions(sessionIds);
  }

  ownersOfInstance(instanceId: string, beforeMs?: number): Promise<string[]> {
    return this.queries.ownersOfInstance(instanceId, beforeMs);
  }

  ownersOutside(keep: ReadonlySet<string>): Promise<string[]> {
    return this.queries.ownersOutside(keep);
  }

  usersExpired(nowMs: number): Promise<string[]> {
    return this.queries.usersExpired(nowMs);
  }

  slicesToVerify(size: number): AsyncIterable<string[]> {
    return slicesToVerify(this.connection, size);
  }

  ownersOfStale(beforeMs: number, instances: ReadonlySet<string>, limit: number): Promise<string[]> {
    return this.queries.ownersOfStale(beforeMs, instances, limit);
  }

  storedInstances(): Promise<StoredInstance[]> {
    return this.queries.storedInstances();
  }

  usersOf(uids: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    return this.queries.usersOf(uids);
  }

  listUsers(filter: UserFilter, limit: number): Promise<UserRecord[]> {
    return this.queries.listUsers(filter, limit);
  }

  statusCounts(): Promise<StatusCounts> {
    return this.queries.statusCounts();
  }

  noteHeartbeats(instanceId: string): Promise<void> {
    return this.coordination.noteHeartbeats(instanceId);
  }

  heartbeatingInstances(): Promise<ReadonlySet<string>> {
    return this.coordination.heartbeatingInstances();
  }

  lead(job: string, holder: string, ttlMs: number): Promise<boolean> {
    return this.coordination.lead(job, holder, ttlMs);
  }

  resign(job: string, holder: string): Promise<void> {
    return this.coordination.resign(job, holder);
  }

  timeMs(): Promise<number> {
    return this.coordination.timeMs();
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
}
