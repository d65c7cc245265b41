import type { HistoryRow } from './history';
import type { Status } from './types';

/** A secret that was replaced and signs beside the new one for a while. */
export interface OldSecret {
  readonly secret: string;
  readonly until: Date;
}

/** Why nothing is sent for the moment: somebody asked for that, or the target said 410 Gone. */
export type PauseReason = 'asked' | 'gone';

/** Somebody's address that wants to be told of changes of presence. */
export interface Callback {
  readonly _id: string;
  /** Counts changes of the registration; every change is compare-and-set on it. */
  readonly rev: number;
  readonly url: string;
  readonly name?: string;
  /** Only changes of these users; empty: of everybody. */
  readonly uids: readonly string[];
  /** Only changes to these statuses; empty: to any. */
  readonly statuses: readonly Status[];
  /** Deliveries that may be under way at once. */
  readonly concurrency: number;
  /** Signs what is sent. Shown by no read. */
  readonly secret: string;
  readonly oldSecrets: readonly OldSecret[];
  /** Absent: active. Changes are put into the outbox either way. */
  readonly paused?: PauseReason;
  readonly createdAt: Date;
}

/** A change as it is delivered. */
export type DeliveredChange = Omit<HistoryRow, '_id'>;

/** waiting: to be sent when it is due. parked: given up, until somebody asks for it again. */
export const DELIVERY_STATES = ['waiting', 'parked'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One change on its way to one callback. */
export interface OutboxRow {
  /** The webhook-id of every attempt. The same change has the same one for a callback, whoever writes it. Sorts by the time of the change. */
  readonly _id: string;
  readonly callback: string;
  readonly change: DeliveredChange;
  readonly state: DeliveryState;
  readonly dueAt: Date;
  readonly attempts: number;
  /** Absent before the first attempt. */
  readonly firstAttemptAt?: Date;
  readonly lastError?: string;
  readonly parkedAt?: Date;
}

/** An attempt that failed. */
export interface FailedAttempt {
  readonly error: string;
  /** What the target asked for, milliseconds. */
  readonly retryAfterMs?: number;
}

const SECOND = 1000;
const HOUR = 60 * 60 * SECOND;
const FIRST_PAUSE_MS = 5 * SECOND;
const LONGEST_PAUSE_MS = HOUR;
/** From the first attempt until a delivery is given up. */
export const GIVE_UP_AFTER_MS = 24 * HOUR;
/** How long a parked delivery can be asked for. */
export const PARKED_KEPT_MS = 7 * 24 * HOUR;
/** A replaced secret goes on signing for this long. */
export const OLD_SECRET_SIGNS_MS = 24 * HOUR;
/** Secrets that sign at once, the new one among them: a header has its bounds. */
const MOST_SECRETS = 8;

/** Whether a callback wants to be told of a change. */
export function isWanted({ uids, statuses }: Pick<Callback, 'uids' | 'statuses'>, change: DeliveredChange): boolean {
  return (uids.length === 0 || uids.includes(change.uid)) && (statuses.length === 0 || statuses.includes(change.to));
}

/**
 * The pause after a failed attempt: exponential with full jitter.
 *
 * @param attempts made so far, 1 or more
 * @param random from 0 up to 1
 * @returns milliseconds
 */
export function pauseAfter(attempts: number, random: number): number {
  return random * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
}

/** A delivery after an attempt that failed: due later, or parked once a day has gone by since the first attempt. */
export function afterFailure(row: OutboxRow, failed: FailedAttempt, nowMs: number, random: number): OutboxRow {
  const firstAttemptAt = row.firstAttemptAt ?? new Date(nowMs);
  const attempts = row.attempts + 1;
  const tried = { ...row, attempts, firstAttemptAt, lastError: failed.error };
  const leftMs = firstAttemptAt.getTime() + GIVE_UP_AFTER_MS - nowMs;
  if (leftMs <= 0) return { ...tried, state: 'parked', parkedAt: new Date(nowMs) };
  // The last attempt is made when the day is over, not later, whatever the target asked for.
  const pauseMs = Math.min(Math.max(pauseAfter(attempts, random), failed.retryAfterMs ?? 0), leftMs);
  return { ...tried, dueAt: new Date(nowMs + Math.ceil(pauseMs)) };
}

/** A delivery that somebody asks for again: as if it had never been tried. */
export function askedForAgain({ _id, callback, change, lastError }: OutboxRow, nowMs: number): OutboxRow {
  return { _id, callback, change, lastError, state: 'waiting', dueAt: new Date(nowMs), attempts: 0 };
}

/** The secrets that sign now, the newest first. */
export function secretsAt({ secret, oldSecrets }: Callback, nowMs: number): string[] {
  const old = oldSecrets.filter(({ until }) => until.getTime() > nowMs);
  return [secret, ...old.map((one) => one.secret)];
}

/** A callback with a new secret; the one it has goes on signing for a day. */
export function withSecret(callback: Callback, secret: string, nowMs: number): Callback {
  const replaced = { secret: callback.secret, until: new Date(nowMs + OLD_SECRET_SIGNS_MS) };
  const still = callback.oldSecrets.filter(({ until }) => until.getTime() > nowMs);
  return { ...callback, secret, oldSecrets: [replaced, ...still].slice(0, MOST_SECRETS - 1) };
}
