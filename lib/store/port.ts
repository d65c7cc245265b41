import type { SessionCommand } from '../../domain/sessions';
import type { Session, Status, UserRecord } from '../../domain/types';
import type { Availability } from './availability';
import type { CallbackStore } from './callback-port';
import type { HistoryStore } from './history-port';
import type { InstanceStore, StoredInstance } from './instance-port';
import type { NoteStore } from './note-port';
import type { ObservedStore } from './observed-port';
import type { ScheduleStore } from './schedule-port';

/** What a store has just read of users' sessions, by user and in a form of its own. */
export type SessionsAsRead = ReadonlyMap<string, unknown>;

export interface SessionOwners {
  /** Users that hold each session, none for one that nobody holds. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
  /** For `applySessions`, which need not read it again. */
  readonly asRead?: SessionsAsRead;
}

/** What a store knows of one user, read at one time. */
export interface UserState {
  readonly uid: string;
  /** Absent when no such user exists. */
  readonly user: UserRecord | undefined;
  readonly sessions: readonly Session[];
  /** Counts session writes of this user; 0 when there never was one. */
  readonly sessionsRev: number;
}

export interface SessionWork {
  readonly uid: string;
  /** Applied in order, all or none. Empty: the state is only read. */
  readonly commands: readonly SessionCommand[];
}

export interface AppliedSessions extends UserState {
  /**
   * For each command: whether what it names was there before (`SessionOutcome.found`). A removal that races with another
   * replica's may be told so by both: never by none.
   */
  readonly found: readonly boolean[];
  /** Whether the commands changed the sessions: then nobody has decided on these before. */
  readonly changed: boolean;
}

export interface PresenceWrite {
  readonly before: UserRecord;
  readonly after: UserRecord;
  /** The session revision the decision was made on. */
  readonly sessionsRev: number;
  /**
   * `before` was read from the store: of a user who has gone since nothing is written. Without it one who is not there is created,
   * where users are our own.
   */
  readonly existed?: boolean;
}

export interface ConnectionCounts {
  readonly current: number;
  readonly peak: number;
}

/** Which users: all that is given must hold. */
export interface UserFilter {
  readonly statuses?: readonly Status[];
  readonly role?: string;
  /** What is shown of them last changed then or later, epoch milliseconds. */
  readonly sinceMs?: number;
  /** Their id is greater. */
  readonly after?: string;
}

/** How many users are shown with each status; users never seen count as offline or not at all. */
export type StatusCounts = Readonly<Record<Status, number>>;

/** An instance not noted as sending heartbeats for this long is forgotten: whoever sees it live notes it again long before. */
export const HEARTBEATS_KEPT_MS = 7 * 24 * 60 * 60_000;

export interface UserListener {
  /** A user was changed, by whomever. */
  changed(uid: string): void;
  /** Whether anybody would miss it if nothing were told for the moment. */
  isWanted(): boolean;
  /** All changes up to this moment (`performance.now()`) were told. */
  current(atMs: number): void;
  /** Changes may have been missed. */
  lost(): void;
}

/** Tells of changes of users as they happen, where others write to the store too. */
export interface UserChanges {
  /** @returns what ends it */
  watch(listener: UserListener): () => Promise<void>;
}

/** Tells whose presence somebody else has written, as it happens. */
export interface OutsideWrites {
  /** Whether it does: not every database can. */
  readonly isLive: boolean;
  /** @returns what ends it */
  watch(seen: (uid: string) => void): () => Promise<void>;
}

/**
 * Where presence is kept. Both twins (embedded, MongoDB) pass the same contract suite.
 *
 * Every promise that resolves means durable: what was written is there after the process is killed.
 * When the store cannot be reached, methods reject with STORE_UNAVAILABLE. Times are epoch milliseconds.
 */
export interface PresenceStore {
  /** Own users: they are created on first contact. False where Rocket.Chat owns `users`. */
  readonly createsUsers: boolean;
  /** Several replicas may use it at once. */
  readonly isShared: boolean;
  /** Whether the last operation found the store, and could write where it was to. */
  readonly isThere: boolean;
  /** Tells when that changes, and why. */
  readonly availability: Availability;
  readonly history: HistoryStore;
  readonly schedules: ScheduleStore;
  readonly callbacks: CallbackStore;
  readonly notes: NoteStore;
  readonly instances: InstanceStore;
  /** Absent where nobody else writes, and what is stored is in memory anyway. */
  readonly userChanges?: UserChanges;
  /** Absent where nobody else writes. */
  readonly outsideWrites?: OutsideWrites;
  /** What was seen of users whose presence others decide; absent where nobody else writes. */
  readonly observed?: ObservedStore;

  open(): Promise<void>;
  close(): Promise<void>;

  /**
   * Applies session commands, atomically for each user, and answers the state after. One entry a work, in order.
   *
   * @param asRead read a moment ago: what is applied to it is written only if it is still so
   */
  applySessions(work: readonly SessionWork[], nowMs: number, asRead?: SessionsAsRead): Promise<AppliedSessions[]>;
  /**
   * Forgets users that have no session and are shown as offline, in a store of our own, with their schedules; their history
   * stays. Others are left as they are.
   */
  removeUsers(uids: readonly string[]): Promise<void>;
  /** Removes expired tombstones (domain/removals.ts) and expired lost sessions (domain/lost-sessions.ts); each session write does it in passing. */
  pruneTombstones(nowMs: number): Promise<void>;
  /** Writes presence compare-and-set on `presenceRev`. @returns users whose revision was still that of `before` */
  writePresence(writes: readonly PresenceWrite[]): Promise<ReadonlySet<string>>;
  /**
   * Looks, after a write, whether the sessions it was decided on are still those that are stored (invariant 3).
   *
   * @returns users whose sessions moved meanwhile
   */
  sessionsMoved(written: readonly PresenceWrite[]): Promise<ReadonlySet<string>>;

  /** Users that hold any of these sessions. */
  ownersOfSessions(sessionIds: readonly string[]): Promise<SessionOwners>;
  /** @param beforeMs only sessions whose lease was last written before this time; absent: all of them */
  ownersOfInstance(instanceId: string, beforeMs?: number): Promise<string[]>;
  /** Users that hold a session of an instance not in `keep`. */
  ownersOutside(keep: ReadonlySet<string>): Promise<string[]>;
  /** Users whose active claim ended before now, or the best of those that wait while others wait behind it. */
  usersExpired(nowMs: number): Promise<string[]>;
  /** Every user that has sessions or is shown as anything but offline, in slices. */
  slicesToVerify(size: number): AsyncIterable<string[]>;

  /**
   * Users that hold a session of one of these instances whose lease was last written at this time or before.
   * At most `limit` of them, the oldest leases first where that costs nothing. A session that holds no time for its lease
   * (only others leave such) is not found here: it gets one with its next heartbeat, or goes with its instance.
   */
  ownersOfStale(beforeMs: number, instances: ReadonlySet<string>, limit: number): Promise<string[]>;
  /** Every instance that has a session. */
  storedInstances(): Promise<StoredInstance[]>;
  /** What is stored of these users; those that are not there are left out. */
  usersOf(uids: readonly string[]): Promise<ReadonlyMap<string, UserRecord>>;
  /** Users that have a status, by id; ids are compared by their bytes. At most `limit`. */
  listUsers(filter: UserFilter, limit: number): Promise<UserRecord[]>;
  /** How many users are shown with each status. */
  statusCounts(): Promise<StatusCounts>;

  /**
   * Remembers that an instance sends heartbeats, so that its sessions have leases (design invariant 6), for
   * HEARTBEATS_KEPT_MS. Noting a known instance again, at most once an hour, is what keeps it remembered.
   */
  noteHeartbeats(instanceId: string): Promise<void>;
  heartbeatingInstances(): Promise<ReadonlySet<string>>;

  /**
   * Takes or renews the lease on a job that one replica does: it is the holder's for `ttlMs` from when this was called. Of
   * holders that ask at once one gets it. Decided on the store's own time, for clocks of machines differ.
   *
   * @returns whether this holder has it now
   */
  lead(job: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Gives the lease back, if this holder has it. */
  resign(job: string, holder: string): Promise<void>;

  /** The time that all replicas on this store go by, epoch milliseconds. */
  timeMs(): Promise<number>;

  /** Connection counts heard from Rocket.Chat's instances; while there are none, our own sessions are counted. */
  hearInstance(instanceId: string, connections: number | undefined, nowMs: number): Promise<void>;
  forgetInstance(instanceId: string): Promise<void>;
  connections(nowMs: number): Promise<ConnectionCounts>;
  /** The peak starts again at the current count. */
  resetPeak(nowMs: number): Promise<void>;

  broadcastEnabled(): Promise<boolean>;
  setBroadcastEnabled(enabled: boolean): Promise<void>;

  /** Looks anew whether the store is there, can be written again after a write that failed, and whose the users are: a database can become Rocket.Chat's later. */
  refresh(): Promise<void>;
}
