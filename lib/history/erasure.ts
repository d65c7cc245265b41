import type { ShownStatus } from '../../domain/activity';
import type { HistoryRow } from '../../domain/history';
import type { UserRecord } from '../../domain/types';
import type { PresenceStore } from '../store/port';

type ErasingStore = Pick<PresenceStore, 'history' | 'notes'>;
/** What was shown from a time on. */
export type ShownFrom = Pick<HistoryRow, 'at' | 'to'>;

const noteOf = (uid: string) => `history-erased/${uid}`;

/**
 * Removes all that is kept of a user. That nothing is known of the time before is noted first: no change of that time is no
 * sign any more that nothing changed. @returns how many changes there were
 */
export async function eraseHistory({ history, notes }: ErasingStore, uid: string, nowMs: number): Promise<number> {
  const [newest] = await history.list({ uid }, 1);
  if (newest) await notes.write(noteOf(uid), { at: new Date(nowMs) });
  return history.erase(uid);
}

/** When a user's history was last erased, epoch milliseconds. */
export async function erasedAtMs({ notes }: ErasingStore, uid: string): Promise<number | undefined> {
  return (await notes.read<{ readonly at: Date }>(noteOf(uid)))?.at.getTime();
}

/**
 * What is known of a user whose history was erased within the time asked for: nothing before, and from then on what was shown until
 * the next change.
 *
 * @param rows all that are kept, oldest first
 */
export function sinceErasure(
  erasedMs: number,
  rows: readonly HistoryRow[],
  user: UserRecord | undefined,
): { readonly rows: readonly ShownFrom[]; readonly before: ShownStatus } {
  const later = rows.filter(({ at }) => at.getTime() >= erasedMs);
  const isUnchanged = (user?.presenceChange?.at.getTime() ?? Infinity) <= erasedMs;
  const to = later[0] ? later[0].from : isUnchanged ? user?.status : undefined;
  return { rows: to ? [{ at: new Date(erasedMs), to }, ...later] : later, before: 'unknown' };
}
