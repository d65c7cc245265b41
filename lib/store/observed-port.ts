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
  /** Whether somebody has looked ever before, all the way through. */
  hasBegun(): Promise<boolean>;
  noteBegun(): Promise<void>;
  /** All entries, in slices. */
  all(size: number): AsyncIterable<Observed[]>;
  /** Writes each under its id. */
  put(seen: readonly Observed[]): Promise<void>;
}
