/**
 * What is said of one user in two places that cannot see into each other: here, and in a Rocket.Chat whose REST API is all that is
 * known of it (contract 6). Pure.
 */
import { normalizeStatusText } from './text';
import { CLAIM_SOURCES, STATUSES, type Claim, type ClaimSource, type Status, type UserRecord } from './types';

/** The instance that keeps the sessions of users who are connected to a Rocket.Chat that is no node of the bus. */
export const MIRRORED_INSTANCE = 'rocketchat-rest';

/** A user as `users.presence` tells of him. */
export interface ShownThere {
  readonly _id: string;
  readonly username?: string | null;
  readonly name?: string | null;
  readonly status?: string | null;
  /** Another server's: of any kind. */
  readonly statusText?: unknown;
  readonly statusSource?: string | null;
  readonly statusExpiresAt?: string | null;
}

/** What somebody says of himself, his connections apart. */
export interface Word {
  readonly status: Status;
  readonly text: string;
  readonly expiresAtMs?: number;
  readonly source?: ClaimSource;
}

export const NO_WORD: Word = { status: 'online', text: '' };

/** Which status a connection has there; undefined: none. Busy is never a connection's. */
export function connectionThere({ status }: ShownThere): 'online' | 'away' | undefined {
  if (status === 'away') return 'away';
  return status === 'online' || status === 'busy' ? 'online' : undefined;
}

/**
 * What was said there. Away is somebody's word where it has a source, and a client's that became idle where it has none; a Rocket.Chat
 * that tells no sources leaves that open, and it is what it was. Of who is offline his text alone is known.
 *
 * @param assumed the word as far as it is not told
 * @param isOld whether Rocket.Chat tells neither sources nor ends (before 8.6, contract 0.2)
 */
export function wordThere(
  { status, statusText, statusSource, statusExpiresAt }: ShownThere,
  assumed: Word,
  isOld: boolean,
): Word {
  const text = (typeof statusText === 'string' && normalizeStatusText(statusText)) || '';
  const said = STATUSES.find((one) => one === status);
  if (said === undefined || said === 'offline') return { ...assumed, text };
  const source = CLAIM_SOURCES.find((one) => one === statusSource);
  const endMs = Date.parse(statusExpiresAt ?? '');
  const expiresAtMs = Number.isNaN(endMs) ? undefined : endMs;
  const isIdle = said === 'away' && source === undefined && !(isOld && assumed.status === 'away');
  return { status: isIdle ? 'online' : said, text, expiresAtMs, source };
}

/** What was said here and still holds. */
export function wordHere(user: UserRecord, nowMs: number): Word {
  const { statusDefault = 'online', statusText, statusExpiresAt, statusSource } = user;
  const expiresAtMs = statusExpiresAt?.getTime();
  const text = normalizeStatusText(statusText) ?? ''; // as what is said there: a cut may leave a space at the end
  return wordAt({ status: statusDefault, text, expiresAtMs, source: statusSource }, nowMs);
}

/** Once its time is over nothing is said any more. */
export function wordAt(word: Word, nowMs: number): Word {
  return word.expiresAtMs !== undefined && word.expiresAtMs <= nowMs ? NO_WORD : word;
}

/**
 * Whether both say the same, whoever it is that says it.
 *
 * @param ends whether Rocket.Chat knows the end of a status
 */
export function saysTheSame(a: Word, b: Word, ends: boolean): boolean {
  return a.status === b.status && a.text === b.text && (!ends || a.expiresAtMs === b.expiresAtMs);
}

/** What is to be claimed so that this is said; undefined: nothing is. */
export function claimFor({ status, text, expiresAtMs, source = 'manual' }: Word): Claim | undefined {
  if (status === 'online' && text === '') return undefined;
  const claim: Claim = { statusDefault: status, statusText: text, statusSource: source };
  return expiresAtMs === undefined ? claim : { ...claim, statusExpiresAt: new Date(expiresAtMs) };
}
