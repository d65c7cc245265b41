import type { Collection } from 'mongodb';
import { applyAllToStored, LOST_KEPT_MS, type LostSession, type StoredSessions } from '../../../domain/lost-sessions';
import { TOMBSTONE_KEPT_MS, type Tombstone } from '../../../domain/removals';
import type { SessionCommand } from '../../../domain/sessions';
import { PresenceError } from '../../wire/errors';
import type { AppliedSessions, PresenceWrite, SessionWork } from '../port';
import { compareAndSet, inOneReply } from './bulk';
import type { MongoConnection } from './connection';
import { dropAtOnce } from './instance-drop';
import { readUsers } from './read-users';
import { sessionsStatements } from './statements';
import { lostOf, sessionsOf, tombstonesOf, type SessionsDocument, type UserDocument } from './documents';
import { revisionOf } from './revision';

type Applied = Omit<AppliedSessions, 'user'>;

interface SessionsWrite {
  readonly at: number;
  readonly stored: SessionsDocument | undefined;
  readonly applied: Applied;
  readonly tombstones: readonly Tombstone[];
  readonly lost: readonly LostSession[];
}

const NOTHING_READ: ReadonlyMap<string, SessionsDocument> = new Map();
const FOUND = { found: [true] };
/** More lost races than this in a row on one user's sessions, and the batch is told to try again. */
const MAX_ATTEMPTS = 32;

/**
 * Applies session commands to `usersSessions`: all users of a batch are read in one round trip, the rules are
 * applied here, and what changed is written compare-and-set on the revision in one more. Who loses against
 * another replica is read and applied again.
 */
export class SessionWriter {
  constructor(
    private readonly connection: MongoConnection,
    private readonly refreshAfterMs: number,
  ) {}

  /**
   * One entry a work, in order. Users are read after the sessions are written: a decision on an older user could
   * find nothing to write while another replica writes the very opposite, and nobody would look again.
   *
   * @param asRead documents read a moment ago, which are not read again unless they have changed since
   * @throws PresenceError CONFLICT when races never end
   */
  apply(
    work: readonly SessionWork[],
    nowMs: number,
    asRead: ReadonlyMap<string, SessionsDocument> = NOTHING_READ,
  ): Promise<AppliedSessions[]> {
    // Outlives a repetition: an attempt whose answer got lost may have been applied, and what it found is known.
    const applied = new Array<Applied>(work.length);
    const had = new Set<string>();
    let known = asRead;
    return this.connection.patiently(async () => {
      await dropAtOnce(this.sessions(), work, nowMs, had);
      let pending = work.map((_, at) => at);
      for (let attempt = 0; pending.length > 0; attempt++) {
        if (attempt === MAX_ATTEMPTS) {
          throw new PresenceError('CONFLICT', 'other replicas kept changing the same sessions');
        }
        pending = await this.applyOnce(work, pending, nowMs, applied, known);
        known = NOTHING_READ;
      }
      const users = await readUsers(
        this.users(),
        work.map(({ uid }) => uid),
      );
      return applied.map((one) => ({ ...one, user: users.get(one.uid), ...(had.has(one.uid) ? FOUND : {}) }));
    });
  }

  /** Removes the documents of these users that hold no session. */
  async removeEmpty(uids: readonly string[]): Promise<void> {
    const isEmpty: object = { _id: { $in: [...uids] }, 'connections.0': { $exists: false } };
    await this.connection.patiently(() => this.sessions().deleteMany(isEmpty));
  }

  /**
   * Removes expired tombstones, from documents where all are expired, and expired lost sessions. A document that a removal created, and
   * that never held a session, is removed too. The revision stays: a reader of these entries knows by their time that they are expired.
   */
  async pruneTombstones(nowMs: number): Promise<void> {
    const over = { $lte: new Date(nowMs - TOMBSTONE_KEPT_MS) };
    const isOver: object = { 'tombstones.at': over, tombstones: { $not: { $elemMatch: { at: { $gt: over.$lte } } } } };
    await this.connection.patiently(async () => {
      await this.sessions().deleteMany({ ...isOver, connections: { $size: 0 }, rev: 1 });
      await this.sessions().updateMany(isOver, { $unset: { tombstones: true } });
      await this.pruneLost(nowMs);
    });
  }

  private async pruneLost(nowMs: number): Promise<void> {
    const lostAt = { $lte: new Date(nowMs - LOST_KEPT_MS) };
    // The index holds only documents with lost sessions.
    const hasOver: object = { 'lost.instanceId': { $type: 'string' }, 'lost.lostAt': lostAt };
    const isOver: object = { ...hasOver, lost: { $not: { $elemMatch: { lostAt: { $gt: lostAt.$lte } } } } };
    await this.sessions().updateMany(isOver, { $unset: { lost: true } });
    await this.sessions().updateMany(hasOver, { $pull: { lost: { lostAt } } });
  }

  /** Users whose sessions are not at the revision any more that their presence was decided on. */
  async moved(written: readonly PresenceWrite[]): Promise<ReadonlySet<string>> {
    if (written.length === 0) return new Set();
    const uids = written.map(({ after }) => after._id);
    const documents = await this.connection.patiently(() =>
      this.sessions()
        .find({ _id: { $in: uids } }, { projection: { rev: 1 }, ...inOneReply(uids) })
        .toArray(),
    );
    const revs = new Map(documents.map(({ _id, rev }) => [_id, revisionOf(rev)]));
    return new Set(
      written
        .filter(({ after, sessionsRev }) => (revs.get(after._id) ?? 0) !== sessionsRev)
        .map(({ after }) => after._id),
    );
  }

  /** Reads, applies and writes once. @returns the places in `work` that lost their race */
  private async applyOnce(
    work: readonly SessionWork[],
    pending: readonly number[],
    nowMs: number,
    results: Applied[],
    known: ReadonlyMap<string, SessionsDocument>,
  ): Promise<number[]> {
    const uids = pending.map((at) => work[at]!.uid);
    const storedOf = new Map([...known, ...(await this.read(uids.filter((uid) => !known.has(uid))))]);
    const writes: SessionsWrite[] = [];
    for (const at of pending) {
      const stored = storedOf.get(work[at]!.uid);
      const before = { sessions: sessionsOf(stored), tombstones: tombstonesOf(stored), lost: lostOf(stored) };
      const { applied, ...left } = this.applyTo(work[at]!, before, revisionOf(stored?.rev), nowMs);
      results[at] = withFoundBefore(applied, results[at], work[at]!.commands);
      if (applied.changed) writes.push({ at, stored, applied, ...left });
    }
    return writes.length === 0 ? [] : this.writeSessions(writes);
  }

  private applyTo(
    work: SessionWork,
    before: StoredSessions,
    rev: number,
    nowMs: number,
  ): Omit<SessionsWrite, 'at' | 'stored'> {
    const { found, ...after } = applyAllToStored(before, work.commands, nowMs, this.refreshAfterMs);
    const { sessions, tombstones, lost } = after;
    const changed = sessions !== before.sessions || tombstones !== before.tombstones || lost !== before.lost;
    const sessionsRev = changed ? rev + 1 : rev;
    return { applied: { uid: work.uid, sessions, sessionsRev, found, changed }, tombstones, lost };
  }

  /** @returns the places that lost */
  private async writeSessions(writes: readonly SessionsWrite[]): Promise<number[]> {
    const statements = sessionsStatements(
      writes.map(({ stored, applied, tombstones, lost }) => ({ stored, after: { ...applied, tombstones, lost } })),
    );
    if (await compareAndSet(this.sessions(), statements, writes.length)) return [];
    const now = await this.read(writes.map(({ applied }) => applied.uid));
    return writes.filter((write) => !isAsWritten(now.get(write.applied.uid), write)).map(({ at }) => at);
  }

  private async read(uids: readonly string[]): Promise<ReadonlyMap<string, SessionsDocument>> {
    if (uids.length === 0) return NOTHING_READ;
    const documents = await this.sessions()
      .find({ _id: { $in: [...uids] } }, inOneReply(uids))
      .toArray();
    return new Map(documents.map((document) => [document._id, document]));
  }

  private sessions(): Collection<SessionsDocument> {
    return this.connection.collection('usersSessions');
  }

  private users(): Collection<UserDocument> {
    return this.connection.collection('users');
  }
}

const REMOVALS: ReadonlySet<SessionCommand['kind']> = new Set(['disconnect', 'dropInstance', 'dropOtherInstances']);

/**
 * What an earlier attempt found for a removal stays found. That attempt may have removed it, and then its answer got
 * lost or another replica wrote over it before we looked: the next attempt finds nothing any more. A removal answers
 * what it removed, and callers act on that: once too often is harmless, a miss is not.
 */
function withFoundBefore(applied: Applied, earlier: Applied | undefined, commands: readonly SessionCommand[]): Applied {
  if (!earlier) return applied;
  const found = applied.found.map((now, i) => now || (REMOVALS.has(commands[i]!.kind) && earlier.found[i]!));
  return { ...applied, found };
}

/** Ours, or another replica's that came to the very same: nothing is lost either way. */
function isAsWritten(document: SessionsDocument | undefined, { applied, tombstones, lost }: SessionsWrite): boolean {
  return (
    document?.rev === applied.sessionsRev &&
    JSON.stringify(document.connections) === JSON.stringify(applied.sessions) &&
    JSON.stringify(tombstonesOf(document)) === JSON.stringify(tombstones) &&
    JSON.stringify(lostOf(document)) === JSON.stringify(lost)
  );
}
