import type { Whom } from '../feed/snapshots';
import { kindOf } from '../wire/argument-faults';
import { isId, MAX_ID } from '../wire/ids';
import { SocketError } from './socket-errors';

/** What a client asks for. */
export type ClientFrame =
  | { readonly op: 'auth'; readonly token: string }
  | { readonly op: 'subscribe'; readonly id?: string; readonly whom: Whom; readonly since?: string }
  | { readonly op: 'unsubscribe' }
  | { readonly op: 'ping' };

export const MAX_IDS = 10_000;
const MAX_TOKEN = 4_096;
const MAX_SUBSCRIPTION_ID = 128;
const MAX_POSITION = 64;

/**
 * Reads one frame.
 *
 * @param data its bytes; binary frames are not spoken
 * @throws SocketError BAD_FRAME, UNKNOWN_OP, INVALID_ARGUMENT, TOO_MANY_IDS
 */
export function readFrame(data: Buffer, isBinary: boolean): ClientFrame {
  const fields = isBinary ? undefined : objectOf(data.toString('utf8'));
  if (!fields || typeof fields.op !== 'string') throw new SocketError('BAD_FRAME');
  switch (fields.op) {
    case 'auth':
      return { op: 'auth', token: textOf(fields, 'token', MAX_TOKEN) };
    case 'subscribe':
      return subscribeFrame(fields);
    case 'unsubscribe':
    case 'ping':
      return { op: fields.op };
    default:
      throw new SocketError('UNKNOWN_OP');
  }
}

type Fields = Readonly<Record<string, unknown>>;

function subscribeFrame(fields: Fields): ClientFrame {
  const id = fields.id == null ? undefined : textOf(fields, 'id', MAX_SUBSCRIPTION_ID);
  try {
    const since = fields.since == null ? undefined : textOf(fields, 'since', MAX_POSITION);
    return { op: 'subscribe', id, whom: whomOf(fields.uids), since };
  } catch (error) {
    throw error instanceof SocketError ? new SocketError(error.code, error.message, id) : error;
  }
}

function whomOf(uids: unknown): Whom {
  if (uids === 'all') return uids;
  if (!Array.isArray(uids) || uids.length === 0) {
    throw new SocketError('INVALID_ARGUMENT', `uids: must be "all" or a list of at least one id, not ${kindOf(uids)}`);
  }
  if (uids.length > MAX_IDS) throw new SocketError('TOO_MANY_IDS', `uids: at most ${MAX_IDS}, not ${uids.length}`);
  if (!uids.every(isId)) throw new SocketError('INVALID_ARGUMENT', `uids: ids have 1 to ${MAX_ID} characters`);
  return [...new Set(uids)];
}

function textOf(fields: Fields, name: string, max: number): string {
  const value = fields[name];
  if (typeof value === 'string' && value.length > 0 && value.length <= max) return value;
  throw new SocketError(
    'INVALID_ARGUMENT',
    `${name}: must be a string of 1 to ${max} characters, not ${kindOf(value)}`,
  );
}

function objectOf(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
