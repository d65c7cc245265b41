import type { ServiceBroker } from 'moleculer';
import type { HistoryEntry, HistoryPage } from '../history/history-reads';
import { printable, say, span } from './text';

/** As many as a screen or two hold; whoever wants all calls `history.list`. */
const ROWS = 50;
const COLUMNS = ['when', 'from', 'to', 'text', 'source', 'cause', 'ago'];

type Table = (rows: readonly (readonly string[])[]) => string;

/** Lists the last changes of a user. @param table draws rows */
export async function historyCommand(broker: ServiceBroker, uid: string, table: Table): Promise<void> {
  const { changes, next } = await broker.call<HistoryPage, object>('history.list', { uid, limit: ROWS });
  if (changes.length === 0) return say(printable(`${uid}: no change is kept`));
  say(table([COLUMNS, ...changes.map(rowOf)]));
  if (next !== undefined) say(printable(`the last ${ROWS}; more: call history.list --uid ${uid} --before ${next}`));
}

function rowOf({ at, from, to, text, source, cause }: HistoryEntry): string[] {
  const ago = span(Date.now() - at.getTime());
  return [at.toISOString(), from ?? 'never seen', to, text ?? '', source ?? '', cause, ago].map(printable);
}
