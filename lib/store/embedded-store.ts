import path from 'node:path';
import { isDropped, isStale } from '../../domain/sessions';
import type { UserRecord } from '../../domain/types';
import { Turns } from '../turns';
import { Availability } from './availability';
import { makeDataDirectory } from './data-directory';
import { DirectoryLock } from './directory-lock';
import { DocumentFile } from './document-file';
import { EmbeddedNotes } from './embedded-notes';
import { EmbeddedCallbacks } from './embedded-callbacks';
import { EmbeddedCoordination } from './embedded-coordination';
import { countInstances, countStatuses } from './embedded-counts';
import { EmbeddedExpiry } from './embedded-expiry';
import { EmbeddedHistory } from './embedded-history';
import { EmbeddedInstances } from './embedded-instances';
import { EmbeddedLedger } from './embedded-ledger';
import { EmbeddedProcesses } from './embedded-processes';
import { EmbeddedSchedules } from './embedded-schedules';
import { EmbeddedSessions } from './embedded-sessions';
import { isAsRead, isGone, ownersWhere, type SessionsDocument, uidsOf, uidsToVerify } from './embedded-owners';
import type { StoredInstance } from './instance-port';
import type {
  AppliedSessions,
  ConnectionCounts,
  PresenceStore,
  PresenceWrite,
  SessionOwners,
  SessionWork,
  StatusCounts,
  UserFilter,
} from './port';
import { UserOrder } from './user-order';

export interface EmbeddedOptions {
  /** A folder, made when absent; `:memory:` keeps nothing. */
  readonly dataDir: string;
  /** A lease younger than this is not written again. */
  readonly refreshAfterMs: number;
  /** How long changes are kept; 0: not at all. */
  readonly historyDays?: number;
}

export const IN_MEMORY = ':memory:';

/**
 * The embedded twin: one process, one folder, Rocket.Chat's shapes in NeDB files. Whatever writes users or sessions takes its
 * turn, so what is read stays true until it is written: the batcher in front of it is not the only one that calls.
 */
export class EmbeddedStore implements PresenceStore {
  readonly createsUsers = true;
  readonly isShared = false;
  readonly availability = new Availability();
  readonly history: EmbeddedHistory;
  readonly schedules: EmbeddedSchedules;
  readonly callbacks: EmbeddedCallbacks;
  readonly notes: EmbeddedNotes;
  readonly instances: EmbeddedInstances;
  private readonly users: DocumentFile<UserRecord>;
  private readonly sessions: DocumentFile<SessionsDocument>;
  private readonly ledger: EmbeddedLedger;
  private readonly processes: EmbeddedProcesses;
  private readonly coordination: EmbeddedCoordination;
  private readonly lock: DirectoryLock | undefined;
  private readonly writer: EmbeddedSessions;
  private readonly order: UserOrder;
  private readonly expiry = new EmbeddedExpiry();
  private readonly turns = new Turns();

  constructor(private readonly options: EmbeddedOptions) {
    const inFolder = (name: string) => (options.dataDir === IN_MEMORY ? undefined : path.join(options.dataDir, name));
    this.users = new DocumentFile(inFolder('users.db'), this.availability);
    this.order = new UserOrder(this.users);
    this.sessions = new DocumentFile(inFolder('usersSessions.db'), this.availability);
    this.writer = new EmbeddedSessions(this.sessions, options.refreshAfterMs);
    this.ledger = new EmbeddedLedger(inFolder('presence_state.db'), this.availability);
    this.coordination = new EmbeddedCoordination(inFolder('presence_nodes.db'), this.availability);
    this.history = new EmbeddedHistory(inFolder('history'), options.historyDays ?? 0, this.availability);
    this.schedules = new EmbeddedSchedules(inFolder('presence_schedules.db'), this.availability);
    this.callbacks = new EmbeddedCallbacks(inFolder, this.availability);
    this.notes = new EmbeddedNotes(inFolder('presence_notes.db'), this.availability);
    this.processes = new EmbeddedProcesses(inFolder('presence_processes.db'), this.availability);
    this.instances = new EmbeddedInstances(this.sessions, this.ledger, this.processes);
    this.lock = options.dataDir === IN_MEMORY ? undefined : new DirectoryLock(options.dataDir);
  }

  async open(): Promise<void> {
    if (this.lock) {
      await makeDataDirectory(this.options.dataDir);
      await this.lock.acquire();
    }
    try {
      for (const part of this.parts()) await part.open();
    } catch (error) {
      await this.lock?.release();
      throw error;
    }
    this.writer.opened();
    for (const user of this.users.values()) this.expiry.note(user);
  }

  /** What was asked for before is written. */
  close(): Promise<void> {
    return this.turns.take(async () => {
      await Promise.all(this.parts().map((part) => part.close()));
      await this.lock?.release();
    });
  }

  get isThere(): boolean {
    return this.availability.fault === undefined;
  }

  applySessions(work: readonly SessionWork[], nowMs: number): Promise<AppliedSessions[]> {
    return this.turns.take(async () => {
      const applied = await this.writer.apply(work, nowMs);
      if (applied.some(({ changed }) => changed)) this.ledger.observe(this.writer.index.size);
      return applied.map((one) => ({ ...one, user: this.users.get(one.uid) }));
    });
  }

  writePresence(writes: readonly PresenceWrite[]): Promise<ReadonlySet<string>> {
    return this.turns.take(async () => {
      const current = writes.filter((write) => isAsRead(write, this.users.get(write.before._id)));
      await this.users.putAll(current.map(({ after }) => after));
      for (const { after } of current) this.expiry.note(after);
      return uidsOf(current);
    });
  }

  removeUsers(uids: readonly string[]): Promise<void> {
    return this.turns.take(async () => {
      const gone = uids.filter((uid) => isGone(this.users.get(uid), this.sessions.get(uid)));
      if (gone.length === 0) return;
      await this.schedules.removeOf(gone);
      await this.sessions.eraseAll(gone);
      await this.users.eraseAll(gone);
      this.order.removeAll(gone);
      this.expiry.forgetAll(gone);
    });
  }

  pruneTombstones(nowMs: number): Promise<void> {
    return this.turns.take(() => this.writer.prune(nowMs));
  }

  async sessionsMoved(written: readonly PresenceWrite[]): Promise<ReadonlySet<string>> {
    return uidsOf(written.filter(({ after, sessionsRev }) => this.writer.revOf(after._id) !== sessionsRev));
  }

  async ownersOfSessions(sessionIds: readonly string[]): Promise<SessionOwners> {
    return { owners: new Map(sessionIds.map((id) => [id, this.writer.index.ownersOf(id)])) };
  }

  async ownersOfInstance(instanceId: string, beforeMs?: number): Promise<string[]> {
    return ownersWhere(this.sessions.values(), (session) => isDropped(session, { instanceId, beforeMs }));
  }

  async ownersOutside(keep: ReadonlySet<string>): Promise<string[]> {
    return ownersWhere(this.sessions.values(), (session) => !keep.has(session.instanceId));
  }

  async usersExpired(nowMs: number): Promise<string[]> {
    return this.expiry.before(nowMs);
  }

  async *slicesToVerify(size: number): AsyncIterable<string[]> {
    const all = uidsToVerify(this.sessions.values(), this.users.values());
    for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
  }

  async ownersOfStale(beforeMs: number, instances: ReadonlySet<string>, limit: number): Promise<string[]> {
    return ownersWhere(
      this.sessions.values(),
      (session) => isStale(session, { kind: 'dropStale', beforeMs, instances }),
      limit,
    );
  }

  async storedInstances(): Promise<StoredInstance[]> {
    return countInstances([...this.sessions.values()].map(({ connections }) => connections));
  }

  async usersOf(uids: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    const found = uids.map((uid) => [uid, this.users.get(uid)] as const);
    return new Map(found.filter((entry): entry is [string, UserRecord] => entry[1] !== undefined));
  }

  async listUsers(filter: UserFilter, limit: number): Promise<UserRecord[]> {
    return this.order.list(filter, limit);
  }

  async statusCounts(): Promise<StatusCounts> {
    return countStatuses(this.users.values());
  }

  noteHeartbeats(instanceId: string): Promise<void> {
    return this.coordination.noteHeartbeats(instanceId);
  }

  async heartbeatingInstances(): Promise<ReadonlySet<string>> {
    return this.coordination.heartbeatingInstances();
  }

  async lead(job: string, holder: string, ttlMs: number): Promise<boolean> {
    return this.coordination.lead(job, holder, ttlMs);
  }

  async resign(job: string, holder: string): Promise<void> {
    this.coordination.resign(job, holder);
  }

  async timeMs(): Promise<number> {
    return Date.now();
  }

  hearInstance(instanceId: string, connections: number | undefined, nowMs: number): Promise<void> {
    return this.ledger.hearInstance(instanceId, connections, nowMs);
  }

  forgetInstance(instanceId: string): Promise<void> {
    return this.ledger.forgetInstance(instanceId);
  }

  async connections(nowMs: number): Promise<ConnectionCounts> {
    return this.ledger.connections(this.writer.index.size, nowMs);
  }

  resetPeak(nowMs: number): Promise<void> {
    return this.ledger.resetPeak(this.writer.index.size, nowMs);
  }

  broadcastEnabled(): Promise<boolean> {
    return this.ledger.broadcastEnabled();
  }

  setBroadcastEnabled(enabled: boolean): Promise<void> {
    return this.ledger.setBroadcastEnabled(enabled);
  }

  refresh(): Promise<void> {
    return this.availability.retry();
  }

  private parts(): readonly { open(): Promise<void>; close(): Promise<void> }[] {
    const { users, sessions, ledger, coordination, history, schedules, callbacks, notes, processes } = this;
    return [users, sessions, ledger, coordination, history, schedules, callbacks, notes, processes];
  }
}
