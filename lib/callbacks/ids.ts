import { createHash, randomBytes } from 'node:crypto';
import { timeKey, type HistoryRow } from '../../domain/history';

const SECRET_BYTES = 32;
const HASH_CHARS = 22;

/** The id of a new callback. */
export function newCallbackId(): string {
  return `callback-${randomBytes(12).toString('base64url')}`;
}

/** A secret as Standard Webhooks has them. */
export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/**
 * The id of a change's delivery to a callback, which goes into a header: no user id may stand in it, and no dot, which
 * what is signed is joined by.
 */
export function deliveryId(callback: string, change: HistoryRow): string {
  const hash = createHash('sha256').update(`${callback}\n${change._id}`).digest('base64url').slice(0, HASH_CHARS);
  return `msg_${timeKey(change.at.getTime())}_${hash}`;
}

/** The id of something that is sent once. */
export function newTestId(): string {
  return `msg_test_${randomBytes(12).toString('base64url')}`;
}
