import type { Cause, ClaimSource, Status, UserRecord } from './types';

/** One real change of what is shown of a user. */
export interface HistoryRow {
  /** Sorts as the changes follow each other: by time, then user, then revision. The same change has the same one, whoever writes it. */
  readonly _id: string;
  readonly uid: string;
  /** The revision the change made (`presenceRev`). */
  readonly rev: number;
  readonly at: Date;
  /** The status before; absent for a user never seen before. */
  readonly from?: Status;
  readonly to: Status;
  /** The text shown since. */
  readonly text?: string;
  /** Who claimed what is shown since; absent where the sessions decide. */
  readonly source?: ClaimSource;
  readonly cause: Cause;
}

/** Which rows: all that is given must hold. */
export interface HistoryFilter {
  readonly uid?: string;
  /** Of this time or later, epoch milliseconds. */
  readonly fromMs?: number;
  /** Before this time, epoch milliseconds. */
  readonly toMs?: number;
  readonly causes?: readonly Cause[];
  /** What is shown since. */
  readonly statuses?: readonly Status[];
}

/** Digits of a time in base 36: enough until the year 5188. */
const TIME_DIGITS = 9;
const REV_DIGITS = 8;

/** The row of a change that is written. Its time is never before that of the user's last change, however clocks of machines differ. */
export function historyRow(before: UserRecord, after: UserRecord): HistoryRow {
  const { _id: uid, presenceRev: rev, status: to = 'offline', statusText: text, statusSource: source } = after;
  const decided = after.presenceChange?.at ?? new Date(0);
  const last = before.presenceChange?.at;
  const at = last && last > decided ? last : decided;
  const { cause = 'reconcile' } = after.presenceChange ?? {};
  const _id = `${timeKey(at.getTime())}:${uid}:${rev.toString(36).padStart(REV_DIGITS, '0')}`;
  return { _id, uid, rev, at, from: before.status, to, text: text || undefined, source, cause };
}

/** What the id of a row looks like. Users' ids may have any character. */
export const ROW_ID = new RegExp(`^[0-9a-z]{${TIME_DIGITS}}:[\\s\\S]+:[0-9a-z]{${REV_DIGITS},}$`);

/** Rows of this time or later have an id that is not less, earlier ones a lesser one. */
export function timeKey(ms: number): string {
  return Math.max(0, Math.floor(ms)).toString(36).padStart(TIME_DIGITS, '0');
}

/** The time of a row, from its id or another that begins with a time key; 0 for what does not. Epoch milliseconds. */
export function timeOfKey(id: string): number {
  const ms = parseInt(id.slice(0, TIME_DIGITS), 36);
  return Number.isNaN(ms) ? 0 : ms;
}

/** Whether a row is one of those asked for. */
export function isAskedFor(row: HistoryRow, { uid, fromMs, toMs, causes, statuses }: HistoryFilter): boolean {
  const ms = row.at.getTime();
  return (
    (uid === undefined || row.uid === uid) &&
    (fromMs === undefined || ms >= fromMs) &&
    (toMs === undefined || ms < toMs) &&
    (causes === undefined || causes.includes(row.cause)) &&
    (statuses === undefined || statuses.includes(row.to))
  );
}
