import { promises as fs } from 'node:fs';
import { breather } from '../breather';
import type { HistoryRow } from '../../domain/history';

const NEWLINE = 0x0a;
const REMOVAL = Buffer.from('"$$deleted":true');

/**
 * The rows in a file of the embedded history (NeDB's: a line a row), read in portions between which others have their turn.
 *
 * @param uid only this user's: the other rows are not even parsed
 * @returns in the order of their ids; undefined where the file has to be loaded: rows were removed, or it is damaged
 */
export async function scanRows(filename: string, uid?: string): Promise<HistoryRow[] | undefined> {
  const content = await fs.readFile(filename).catch(() => undefined);
  if (!content || content.includes(REMOVAL)) return undefined;
  const rows = new Map<string, HistoryRow>();
  const breathe = breather();
  const wanted = uid === undefined ? Buffer.alloc(0) : Buffer.from(`"uid":${JSON.stringify(uid)}`);
  for (let at = content.indexOf(wanted); at >= 0 && at < content.length; at = content.indexOf(wanted, at)) {
    const start = content.lastIndexOf(NEWLINE, at) + 1;
    const end = content.indexOf(NEWLINE, at);
    if (end < 0) break; // torn by a kill, and never acknowledged
    const row = rowOf(content.toString('utf8', start, end));
    if (!row) return undefined;
    if (uid === undefined || row.uid === uid) rows.set(row._id, row);
    at = end + 1;
    await breathe();
  }
  return [...rows.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
}

function rowOf(line: string): HistoryRow | undefined {
  try {
    const { at, ...row } = JSON.parse(line) as Omit<HistoryRow, 'at'> & { readonly at: { readonly $$date: number } };
    return { ...row, at: new Date(at.$$date) };
  } catch {
    return undefined;
  }
}
