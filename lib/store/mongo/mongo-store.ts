import type { Collection, FilterQuery } from 'mongodb';
import { applySessionCommand } from '../../../domain/sessions';
import type { Session } from '../../../domain/types';
import { PresenceError } from '../../errors';
import type {
  AppliedSessions,
  ConnectionCounts,
  PresenceStore,
  PresenceWrite,
  PresenceWritten,
  SessionWork,
} from '../port';
import { compareAndSet } from './bulk';
import { MongoConnection, type MongoOptions } from './connection';
import { sessionsOf, USER_PROJECTION, userOf, type SessionsDocument } from './documents';
import { ensureIndexes } from './indexes';
import { MongoLedger } from './ledger';
import { UserWriter, type UserDocument } from './user-writer';
import { slicesToVerify } from './slices';

export interface MongoStoreOptions extends MongoOptions {
  /** Whether to make indexes, once it is known whose the users are: an observer looks for nothing. */
  readonly makesIndexes: (ownUsers: boolean) => boolean;
  /** A lease younger than this is not written again. */
  readonly refreshAfterMs: number;
}

interface SessionsWrite {
  readonly at: number;
  readonly stored: SessionsDocument | undefined;
  readonly applied: AppliedSessions;
}

/** More lost races than this in a row on one user's sessions, and the batch is told to try again. */
const MAX_ATTEMPTS = 32;
const EXPIRED_AT_ONCE = 1000;

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
  private readonly userWriter: UserWriter;

  constructor(private readonly options: MongoStoreOptions) {
    this.connection = new MongoConnection(options);
    this.ledger = new MongoLedger(this.connection);
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
    return this.connection.patiently(async () => {
      const results = new Array<AppliedSessions>(work.length);
      let pending = work.map((_, at) => at);
      for (let attempt = 0; pending.length > 0; attempt++) {
        if (attempt === MAX_ATTEMPTS)
          throw new PresenceError('CONFLICT', 'other replicas kept changing the same sessions');
        pending = await this.applyOnce(work, pending, nowMs, results);
      }
      return results;
    });
  }

  writePresence(writes: readonly PresenceWrite[]): Promise<PresenceWritten> {
    return this.userWriter.write(writes, (uids) => this.sessionRevs(uids));
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

  /** Reads, applies and writes once. @returns the places in `work` that lost their race */
  private async applyOnce(
    work: readonly SessionWork[],
    pending: readonly number[],
    nowMs: number,
    results: AppliedSessions[],
  ): Promise<number[]> {
    const uids = pending.map((at) => work[at]!.uid);
    const [documents, users] = await Promise.all([
      this.sessions()
        .find({ _id: { $in: uids } })
        .toArray(),
      this.users()
        .find({ _id: { $in: uids } }, { projection: USER_PROJECTION })
        .toArray(),
    ]);
    const storedOf = new Map(documents.map((document) => [document._id, document]));
    const userById = new Map(
      users.map((document) => [document._id, userOf(document as unknown as Record<string, unknown>)]),
    );
    const writes: SessionsWrite[] = [];
    for (const at of pending) {
      const { uid } = work[at]!;
      const stored = storedOf.get(uid);
      const before = sessionsOf(stored);
      const applied = this.applyTo(work[at]!, before, stored?.rev ?? 0, nowMs);
      results[at] = { ...applied, user: userById.get(uid) };
      if (applied.sessions !== before) writes.push({ at, stored, applied: results[at] });
    }
    return writes.length === 0 ? [] : this.writeSessions(writes);
  }

  private applyTo(
    work: SessionWork,
    before: readonly Session[],
    rev: number,
    nowMs: number,
  ): Omit<AppliedSessions, 'user'> {
    let sessions = before;
    const found = work.commands.map((command) => {
      const outcome = applySessionCommand(sessions, command, nowMs, this.options.refreshAfterMs);
      sessions = outcome.sessions;
      return outcome.found;
    });
    return { uid: work.uid, sessions, sessionsRev: sessions === before ? rev : rev + 1, found };
  }

  /** @returns the places that lost */
  private async writeSessions(writes: readonly SessionsWrite[]): Promise<number[]> {
    const operations = writes.map(({ stored, applied: { uid, sessions, sessionsRev } }) => ({
      updateOne: {
        filter: sessionsFilter(uid, stored),
        update: { $set: { connections: [...sessions], rev: sessionsRev } },
        upsert: stored === undefined,
      },
    }));
    if (await compareAndSet(this.sessions(), operations)) return [];
    const uids = writes.map(({ applied }) => applied.uid);
    const now = new Map(
      (
        await this.sessions()
          .find({ _id: { $in: uids } })
          .toArray()
      ).map((d) => [d._id, d]),
    );
    return writes.filter(({ applied }) => !isAsWritten(now.get(applied.uid), applied)).map(({ at }) => at);
  }

  private async sessionRevs(uids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const documents = await this.sessions()
      .find({ _id: { $in: [...uids] } }, { projection: { rev: 1 } })
      .toArray();
    return new Map(documents.map(({ _id, rev }) => [_id, rev ?? 0]));
  }

  private findOwners(filter: FilterQuery<SessionsDocument>): Promise<string[]> {
    return this.findSessions(filter, { _id: 1 }).then((documents) => documents.map(({ _id }) => _id));
  }

  private findSessions(filter: FilterQuery<SessionsDocument>, projection: object): Promise<SessionsDocument[]> {
    return this.connection.patiently(() => this.sessions().find(filter, { projection }).toArray());
  }

  private sessions(): Collection<SessionsDocument> {
    return this.connection.collection('usersSessions');
  }

  private users(): Collection<UserDocument> {
    return this.connection.collection('users');
  }
}

/**
 * The document as it was read. The size guards against a writer that counts no revision: upstream's own
 * service, while both run during a migration.
 */
function sessionsFilter(uid: string, stored: SessionsDocument | undefined): FilterQuery<SessionsDocument> {
  if (!stored) return { _id: uid, rev: -1 };
  const size = Array.isArray(stored.connections) ? { connections: { $size: stored.connections.length } } : {};
  return { _id: uid, rev: stored.rev ?? null, ...size } as FilterQuery<SessionsDocument>;
}

/** Ours, or another replica's that came to the very same: nothing is lost either way. */
function isAsWritten(document: SessionsDocument | undefined, { sessions, sessionsRev }: AppliedSessions): boolean {
  return document?.rev === sessionsRev && JSON.stringify(document.connections) === JSON.stringify(sessions);
}
