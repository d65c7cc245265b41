import type { ShownThere } from '../../domain/mirror';
import type { Claim, UserRecord } from '../../domain/types';

/** This service, as far as it is told what goes on in Rocket.Chat. Methods reject with PresenceError. */
export interface OwnSide {
  /** Epoch milliseconds. */
  clock(): number;
  /** What is stored of these users; who is not known is left out. */
  usersOf(uids: readonly string[]): Promise<ReadonlyMap<string, UserRecord>>;
  /** Users of whom what is shown has changed then or later, epoch milliseconds; in slices. */
  changedSince(sinceMs: number): AsyncIterable<readonly UserRecord[]>;
  /** Takes users in who were not known. */
  identify(users: readonly ShownThere[]): Promise<void>;
  /** Who has a connection of Rocket.Chat's. */
  connected(): Promise<readonly string[]>;
  /** Gives a user a connection with this status, or takes it away. */
  setConnection(uid: string, status: 'online' | 'away' | undefined): Promise<void>;
  /** undefined: all that is said of the user is taken back. */
  claim(uid: string, claim: Claim | undefined): Promise<void>;
}
