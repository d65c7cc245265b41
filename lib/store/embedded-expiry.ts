import type { UserRecord } from '../../domain/types';
import { isExpired, isOvertaken } from '../../domain/waiting';

/** Who has a claim that may end, so that not everybody is looked through for those whose claim has. */
export class EmbeddedExpiry {
  private readonly expiring = new Map<string, UserRecord>();

  /** A user is stored as this. */
  note(user: UserRecord): void {
    if (user.statusExpiresAt || user.presenceWaiting) this.expiring.set(user._id, user);
    else this.expiring.delete(user._id);
  }

  forgetAll(uids: readonly string[]): void {
    for (const uid of uids) this.expiring.delete(uid);
  }

  /** As `PresenceStore.usersExpired`. */
  before(nowMs: number): string[] {
    const ended = [...this.expiring.values()].filter((user) => isExpired(user, nowMs) || isOvertaken(user, nowMs));
    return ended.map(({ _id }) => _id);
  }
}
