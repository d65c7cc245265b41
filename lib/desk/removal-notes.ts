import { randomBytes } from 'node:crypto';
import type { Arrival } from '../../domain/sessions';
import type { Dropped } from './dropped';

interface Heard {
  readonly removals: readonly string[];
  readonly atMs: number;
}

/** Removals of one session that are kept apart. */
const REMOVALS_OF_A_SESSION = 4;
const KEPT_MS = 60_000;
const MAX_SESSIONS = 100_000;

/**
 * The removals that this replica has heard of, its own and those of others. A call that comes later was sent later: the
 * bus delivers what a caller sent before its removal ahead of what a replica tells after it. So a login which follows a
 * logout is told apart from one that the logout overtook (decision 0016).
 */
export class RemovalNotes {
  private hearsSinceMs: number | undefined;
  private toAnnounce: { readonly sessions: string[]; readonly removals: string[] } | undefined;
  private readonly self = randomBytes(6).toString('base64url');
  private named = 0;
  /** By session, the oldest first. */
  private readonly heardOf = new Map<string, Heard>();

  /**
   * @param announce tells the other replicas of removals that have come, before they are carried out: a replica that is killed
   *   in between has told of what it did
   * @param clock monotonic milliseconds
   */
  constructor(
    private readonly announce: (named: Dropped) => void = () => undefined,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** From now on this replica hears of removals: callers do not know it yet. @param nowMs epoch milliseconds, the store's time */
  begin(nowMs: number): void {
    this.hearsSinceMs = nowMs;
  }

  /** What is noted of a call as it comes. */
  arrivalOf(session: string, receivedMs: number): Arrival {
    const since = this.hearsSinceMs === undefined ? {} : { hearsSinceMs: this.hearsSinceMs };
    return { receivedMs, heard: this.of(session), ...since };
  }

  get size(): number {
    return this.heardOf.size;
  }

  /** A removal has arrived at this replica. @returns its name */
  name(session: string): string {
    const removal = `${this.self}.${(this.named++).toString(36)}`;
    this.hear(session, removal);
    this.tellOf(session, removal);
    return removal;
  }

  /** A removal has been carried out, here or by another replica. */
  hear(session: string, removal: string): void {
    const before = this.of(session);
    if (before.includes(removal)) return;
    this.heardOf.delete(session);
    this.heardOf.set(session, {
      removals: [...before, removal].slice(-REMOVALS_OF_A_SESSION),
      atMs: this.clock(),
    });
    this.prune();
  }

  /** The names of a session's removals. */
  of(session: string): readonly string[] {
    return this.heardOf.get(session)?.removals ?? NONE;
  }

  /** Together with what else comes in this turn of the loop. */
  private tellOf(session: string, removal: string): void {
    if (!this.toAnnounce) setImmediate(() => this.tell());
    this.toAnnounce ??= { sessions: [], removals: [] };
    this.toAnnounce.sessions.push(session);
    this.toAnnounce.removals.push(removal);
  }

  private tell(): void {
    const named = this.toAnnounce;
    this.toAnnounce = undefined;
    if (named) this.announce(named);
  }

  prune(): void {
    const beforeMs = this.clock() - KEPT_MS;
    for (const [session, { atMs }] of this.heardOf) {
      if (atMs > beforeMs && this.heardOf.size <= MAX_SESSIONS) return;
      this.heardOf.delete(session);
    }
  }
}

const NONE: readonly string[] = [];
