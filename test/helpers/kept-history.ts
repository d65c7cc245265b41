import type { Db } from 'mongodb';
import type { HistoryRow } from '../../domain/history';
import { HISTORY_COLLECTION } from '../../lib/store/mongo/history';
import { groupBy } from '../../lib/group-by';
import type { StatusCall } from './rocket-chat-node';

/** What is kept of each user's changes, in the order of their revisions. */
export async function keptIn(db: Db): Promise<ReadonlyMap<string, readonly HistoryRow[]>> {
  const rows = await db.collection<HistoryRow>(HISTORY_COLLECTION).find({}).toArray();
  return groupBy(
    rows.sort((a, b) => a.rev - b.rev),
    ({ uid }) => uid,
  );
}

/** What was told of a user, in the order of revisions, and what is kept of him. */
interface Told {
  readonly events: readonly StatusCall[];
  readonly kept: readonly HistoryRow[] | undefined;
}

/** What is kept is what was told, change by change. */
export function historyFault({ events, kept = [] }: Told): string | undefined {
  const tellings = events.map(({ rev, previousStatus, user: { status, statusText, statusSource } }) =>
    [rev, previousStatus, status, statusText || undefined, statusSource].map(String).join(' '),
  );
  const rows = kept.map(({ rev, from, to, text, source }) => [rev, from, to, text, source].map(String).join(' '));
  const unkept = tellings.filter((one) => !rows.includes(one));
  const untold = rows.filter((one) => !tellings.includes(one));
  if (unkept.length + untold.length === 0 && rows.length === tellings.length) return undefined;
  return `was told ${unkept.join(', ') || 'nothing'} that is not kept, and ${untold.join(', ') || 'nothing'} is kept that was not told`;
}
