import { applyAllToStored, isOver, NO_LOST, type LostSession } from '../../domain/lost-sessions';
import type { Session } from '../../domain/types';
import type { DocumentFile } from './document-file';
import type { SessionsDocument } from './embedded-owners';
import { EmbeddedTombstones } from './embedded-tombstones';
import type { AppliedSessions, SessionWork } from './port';
import { SessionIndex } from './session-index';

type Applied = Omit<AppliedSessions, 'user'>;

const NO_SESSIONS: readonly Session[] = [];

/** Applies session commands to the embedded twin's `usersSessions`. Its store calls what writes one after the other. */
export class EmbeddedSessions {
  readonly tombstones = new EmbeddedTombstones();
  readonly index = new SessionIndex();

  /** @param refreshAfterMs a lease younger than this is not written again */
  constructor(
    private readonly documents: DocumentFile<SessionsDocument>,
    private readonly refreshAfterMs: number,
  ) {}

  /** The file is open. */
  opened(): void {
    for (const { _id, connections } of this.documents.values()) this.index.replace(_id, NO_SESSIONS, connections);
  }

  revOf(uid: string): number {
    return this.documents.get(uid)?.rev ?? 0;
  }

  async apply(work: readonly SessionWork[], nowMs: number): Promise<Applied[]> {
    const writes: SessionsDocument[] = [];
    const applied = work.map((one) => this.applyTo(one, nowMs, writes));
    if (writes.length === 0) return applied;
    const before = writes.map(({ _id }) => this.documents.get(_id)?.connections ?? NO_SESSIONS);
    await this.documents.putAll(writes);
    writes.forEach(({ _id, connections }, i) => this.index.replace(_id, before[i] ?? NO_SESSIONS, connections));
    return applied;
  }

  /** Lets go of tombstones, and of lost sessions, that are over. */
  async prune(nowMs: number): Promise<void> {
    this.tombstones.prune(nowMs);
    const writes: SessionsDocument[] = [];
    for (const { _id, connections, rev, lost = NO_LOST } of this.documents.values()) {
      const left = lost.filter((one) => !isOver(one, nowMs));
      if (left.length < lost.length) writes.push(documentOf(_id, connections, rev, left));
    }
    await this.documents.putAll(writes);
  }

  private applyTo({ uid, commands }: SessionWork, nowMs: number, writes: SessionsDocument[]): Applied {
    const stored = this.documents.get(uid);
    const { connections = NO_SESSIONS, lost: lostBefore = NO_LOST } = stored ?? {};
    const before = { sessions: connections, tombstones: this.tombstones.of(uid), lost: lostBefore };
    const { sessions, tombstones, lost, found } = applyAllToStored(before, commands, nowMs, this.refreshAfterMs);
    if (tombstones !== before.tombstones) this.tombstones.put(uid, tombstones, nowMs);
    const changed = sessions !== connections || lost !== lostBefore;
    const sessionsRev = (stored?.rev ?? 0) + (changed ? 1 : 0);
    if (changed) writes.push(documentOf(uid, sessions, sessionsRev, lost));
    return { uid, sessions, sessionsRev, found, changed };
  }
}

function documentOf(
  _id: string,
  connections: readonly Session[],
  rev: number,
  lost: readonly LostSession[],
): SessionsDocument {
  return { _id, connections, rev, ...(lost.length > 0 && { lost }) };
}
