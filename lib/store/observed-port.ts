import type { Status } from '../../domain/types';

/** What an observer last saw of a user, and so has told. */
export interface Observed {
  readonly _id: string;
  /** Counts the changes seen. */
  readonly rev: number;
  readonly status: Status;
  readonly statusText?: string;
  readonly statusSource?: string;
  readonly statusExpiresAt?: Date;
  /** The revision that this service's own writes count, as it was then: what they change they have kept and told themselves. */
  readonly ownRev?: number;
  /** When this was seen to be so, and what was before; absent for what was there at the very first look. */
  readonly at?: Date;
  readonly from?: Status;
  /** Whether the change to this is in the history and in the outbox. */
  readonly isKept: boolean;
}

/**
 * What has been seen of users whose presence others decide. Of those who are offline and say nothing there may be no entry.
 * Methods reject with STORE_UNAVAILABLE.
 */
export interface ObservedStore {
  /** Since when somebody looks: there is an entry of everybody who was there then. */
  begunAt(): Promise<Date | undefined>;
  noteBegun(at: Date): Promise<void>;
  /** All entries, in slices. */
  all(size: number): AsyncIterable<Observed[]>;
  /** Writes each under its id. */
  put(seen: readonly Observed[]): Promise<void>;
}
