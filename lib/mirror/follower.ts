import {
  claimFor,
  connectionThere,
  saysTheSame,
  wordAt,
  wordHere,
  wordThere,
  type ShownThere,
  type Word,
} from '../../domain/mirror';
import { firstContact } from '../../domain/presence';
import type { UserRecord } from '../../domain/types';
import type { OwnSide } from './own-side';
import type { Polled } from './presence-poll';

export interface FollowerOptions {
  readonly side: OwnSide;
  /** What was said there when last heard of, by user; shared with who tells Rocket.Chat what is said here. */
  readonly there: Map<string, Word>;
  /** Whether what is said here is to be told there, or was since then: what Rocket.Chat showed is older. Monotonic milliseconds. */
  readonly isNewerHere: (uid: string, sinceMs: number) => boolean;
  /** Whether Rocket.Chat knows ends of statuses, and tells their sources. */
  readonly knowsEnds: () => boolean;
  /** Something is about to be claimed here for a user: until `onClaimed` what is said of them here is not what they said last. */
  readonly onClaims: (uid: string) => void;
  /** It was claimed, or failed: by the rules of claims it need not be what is said of the user now. */
  readonly onClaimed: (uid: string) => void;
  /** Whether connections are heard of in this way; else the bus tells of them, and of claims too as long as nothing gets lost. */
  readonly carries: boolean;
}

const SLICE = 500;

/** Does here what users of Rocket.Chat have done there. */
export class Follower {
  /** Who has a connection of Rocket.Chat's here; the status where it is known. */
  private readonly connections = new Map<string, 'online' | 'away' | undefined>();
  private followedAtMs = Infinity;

  constructor(private readonly options: FollowerOptions) {}

  /** Users with a connection there. */
  get connected(): number {
    return this.connections.size;
  }

  /** What an earlier process has left. Where the bus tells of connections, those are of no use any more. */
  async load(): Promise<void> {
    const uids = await this.options.side.connected();
    for (const uid of uids) this.connections.set(uid, undefined);
    if (!this.options.carries) await this.disconnect(uids);
  }

  /** Resolves when everything that was shown is here, too. May be repeated where it failed. @throws PresenceError */
  async follow({ users, isAll, askedAtMs }: Polled): Promise<void> {
    const beganAtMs = this.options.side.clock();
    if (isAll) {
      const shown = new Set(users.map(({ _id }) => _id));
      await this.disconnect([...this.connections.keys()].filter((uid) => !shown.has(uid)));
    }
    for (let first = 0; first < users.length; first += SLICE) {
      await this.followSome(users.slice(first, first + SLICE), askedAtMs);
    }
    this.followedAtMs = beganAtMs;
  }

  private async followSome(users: readonly ShownThere[], askedAtMs: number): Promise<void> {
    const { side } = this.options;
    const records = await side.usersOf(users.map(({ _id }) => _id));
    const strangers = users.filter(({ _id }) => !records.has(_id));
    if (strangers.length > 0) await side.identify(strangers);
    const followed = users.map(async (user) => {
      await this.followConnection(user);
      await this.followWord(user, records.get(user._id) ?? firstContact(user._id), askedAtMs);
    });
    await Promise.allSettled(followed);
    await Promise.all(followed);
  }

  private async followConnection(user: ShownThere): Promise<void> {
    if (!this.options.carries) return;
    const status = connectionThere(user);
    if (!status) return this.disconnect(this.connections.has(user._id) ? [user._id] : []);
    if (this.connections.get(user._id) === status) return;
    await this.options.side.setConnection(user._id, status);
    this.connections.set(user._id, status);
  }

  private async followWord(user: ShownThere, record: UserRecord, askedAtMs: number): Promise<void> {
    const { side, there } = this.options;
    const uid = user._id;
    const nowMs = side.clock();
    const here = wordHere(record, nowMs);
    const before = there.get(uid);
    const told = wordThere(user, before ?? here, !this.options.knowsEnds());
    const word = wordAt(told, nowMs);
    if (this.options.isNewerHere(uid, askedAtMs)) return;
    // First: what is claimed here by this is no news for there.
    there.set(uid, told);
    // That its time is over is no news either: here it ends by itself, and something else may come after it.
    if (before && saysTheSame(wordAt(before, nowMs), word, true)) return;
    if (saysTheSame(word, here, this.options.knowsEnds())) return;
    if (!this.options.carries && !this.isMissed(before, record)) return;
    this.options.onClaims(uid);
    try {
      // Something else may have been said here since the record was read: that is newer.
      const now = (await side.usersOf([uid])).get(uid);
      if (now && !saysTheSame(wordHere(now, side.clock()), here, true)) return;
      await side.claim(uid, claimFor(word));
    } catch (error) {
      if (before) there.set(uid, before);
      else there.delete(uid);
      throw error;
    } finally {
      this.options.onClaimed(uid);
    }
  }

  /** Whether something said there did not come by the bus: it is new there, and here nothing was new meanwhile. */
  private isMissed(before: Word | undefined, { presenceChange }: UserRecord): boolean {
    return before !== undefined && (presenceChange?.at.getTime() ?? -Infinity) < this.followedAtMs;
  }

  private async disconnect(uids: readonly string[]): Promise<void> {
    for (let first = 0; first < uids.length; first += SLICE) {
      const some = uids.slice(first, first + SLICE);
      await Promise.all(some.map((uid) => this.options.side.setConnection(uid, undefined)));
      for (const uid of some) this.connections.delete(uid);
    }
  }
}
