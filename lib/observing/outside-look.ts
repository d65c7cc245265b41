import { STATUSES, type UserRecord } from '../../domain/types';
import type { PresenceStore } from '../store/port';
import { userPages } from '../store/user-pages';

interface Seen {
  readonly rev: number;
  readonly print: string;
}

const SLICE = 1000;
const OTHERS = STATUSES.filter((status) => status !== 'offline');
/** Clocks of a write and of a look may differ by this. */
const MARGIN_MS = 1_000;

/**
 * Finds whose presence somebody else has written by looking at everybody who is there, again and again, where the database tells
 * nothing: every write of this service counts the revision up, so what differs under the same revision is somebody else's. What
 * this service writes over between two looks, and what is said of who is offline, is not found.
 */
export class OutsideLook {
  private known: Map<string, Seen> | undefined;
  private lookedAtMs = 0;

  constructor(private readonly store: Pick<PresenceStore, 'listUsers' | 'usersOf'>) {}

  /** The next look finds nothing: what is there then is what later ones compare with. */
  forget(): void {
    this.known = undefined;
  }

  /** @returns whose presence was written by somebody else since the last look @throws PresenceError STORE_UNAVAILABLE */
  async look(nowMs: number): Promise<string[]> {
    const before = this.known;
    const now = new Map<string, Seen>();
    const found: string[] = [];
    for await (const users of userPages(this.store, { statuses: OTHERS }, SLICE)) {
      for (const user of users) {
        now.set(user._id, seenOf(user));
        if (before && this.isOutside(before.get(user._id), user)) found.push(user._id);
      }
    }
    if (before) found.push(...(await this.goneOutside([...before].filter(([uid]) => !now.has(uid)))));
    [this.known, this.lookedAtMs] = [now, nowMs];
    return found;
  }

  private isOutside(before: Seen | undefined, user: UserRecord): boolean {
    if (before) return isOutside(before, user);
    // He was offline: had this service brought him back, it would have noted when.
    return (user.presenceChange?.at.getTime() ?? -Infinity) < this.lookedAtMs - MARGIN_MS;
  }

  private async goneOutside(gone: readonly (readonly [string, Seen])[]): Promise<string[]> {
    const found: string[] = [];
    for (let first = 0; first < gone.length; first += SLICE) {
      const some = gone.slice(first, first + SLICE);
      const users = await this.store.usersOf(some.map(([uid]) => uid));
      for (const [uid, before] of some) {
        const user = users.get(uid);
        if (user && isOutside(before, user)) found.push(uid);
      }
    }
    return found;
  }
}

function isOutside(before: Seen, user: UserRecord): boolean {
  const { rev, print } = seenOf(user);
  return rev === before.rev && print !== before.print;
}

function seenOf(user: UserRecord): Seen {
  const { status, statusConnection, statusDefault, statusText, statusSource, statusExpiresAt, statusId } = user;
  const print = [status, statusConnection, statusDefault, statusText, statusSource, statusExpiresAt, statusId];
  return { rev: user.presenceRev, print: JSON.stringify(print) };
}
