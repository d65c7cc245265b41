import type { Callback, OutboxRow } from '../../domain/callbacks';
import type { HistoryRow } from '../../domain/history';
import { NOW } from './presence-builders';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** A callback of everything, where nobody says otherwise. */
export function callback(id: string, fields: Partial<Callback> = {}): Callback {
  return {
    _id: id,
    rev: 1,
    url: 'https://example.com/hook',
    uids: [],
    statuses: [],
    concurrency: 4,
    secret: SECRET,
    oldSecrets: [],
    createdAt: new Date(NOW),
    ...fields,
  };
}

/** A change of ann's. */
export function historyRow(fields: Partial<HistoryRow> = {}): HistoryRow {
  return { _id: 'x', uid: 'ann', rev: 1, at: new Date(NOW), from: 'offline', to: 'online', cause: 'claim', ...fields };
}

/** A delivery that is due now and was never tried. */
export function delivery(id: string, fields: Partial<OutboxRow> = {}): OutboxRow {
  const change = { uid: 'ann', rev: 1, at: new Date(NOW), from: 'offline', to: 'online', cause: 'claim' } as const;
  return { _id: id, callback: 'c1', change, state: 'waiting', dueAt: new Date(NOW), attempts: 0, ...fields };
}
