import type { HistoryFilter, HistoryRow } from '../../domain/history';
import type { Cause, Status } from '../../domain/types';
import { msOf } from '../wire/arguments';
import { countRows } from './history-days';
import { PresenceError } from '../wire/errors';
import type { HistoryStore } from '../store/history-port';

export interface HistoryArguments {
  readonly uid?: string;
  readonly from?: Date | string;
  readonly to?: Date | string;
  readonly cause?: Cause | readonly Cause[];
  readonly status?: Status | readonly Status[];
}

export interface HistoryPageArguments extends HistoryArguments {
  readonly before?: string;
  readonly limit?: number;
}

/** A change as it is told. */
export type HistoryEntry = Omit<HistoryRow, '_id'>;

export interface HistoryPage {
  /** Newest first. */
  readonly changes: readonly HistoryEntry[];
  /** What to give as `before` for the next page; absent on the last. */
  readonly next?: string;
}

const DEFAULT_PAGE = 100;

/**
 * Changes of presence, a page at a time.
 *
 * @throws PresenceError STORE_UNAVAILABLE; HISTORY_OFF; INVALID_ARGUMENT for what is no time
 */
export async function historyPage(
  store: HistoryStore,
  { before, limit = DEFAULT_PAGE, ...asked }: HistoryPageArguments,
): Promise<HistoryPage> {
  refuseWhenOff(store);
  const found = await store.list(historyFilter(asked), limit + 1, before);
  const rows = found.slice(0, limit);
  const changes = rows.map(({ _id, ...entry }) => entry);
  return found.length > limit ? { changes, next: rows.at(-1)!._id } : { changes };
}

/** How many changes there are. @throws as `historyPage` */
export async function historyCount(store: HistoryStore, asked: HistoryArguments): Promise<number> {
  refuseWhenOff(store);
  return countRows(store, historyFilter(asked));
}

/** @throws PresenceError HISTORY_OFF: nothing would look like nothing has happened */
export function refuseWhenOff(store: HistoryStore): void {
  if (!store.keeps) throw new PresenceError('HISTORY_OFF', 'no history is kept: HISTORY_RETENTION_DAYS is 0');
}

function historyFilter({ uid, from, to, cause, status }: HistoryArguments): HistoryFilter {
  return {
    uid,
    fromMs: msOf('from', from),
    toMs: msOf('to', to),
    causes: cause === undefined ? undefined : [cause].flat(),
    statuses: status === undefined ? undefined : [status].flat(),
  };
}
