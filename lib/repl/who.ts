import type { ServiceBroker } from 'moleculer';
import type { PresencePage } from '../reads/presence-reads';
import { printable, say, span } from './text';

/** As many as a screen or two hold; whoever wants all calls `presence.list`. */
const ROWS = 50;
const COLUMNS = ['id', 'username', 'status', 'text', 'for', 'until'];

/** Lists users, those with a status if one is given. @param table draws rows */
export async function whoCommand(
  broker: ServiceBroker,
  status: string | undefined,
  table: (rows: readonly (readonly string[])[]) => string,
): Promise<void> {
  const query = { limit: ROWS, ...(status === undefined ? {} : { status }) };
  const { users, next } = await broker.call<PresencePage, object>('presence.list', query);
  const rows = users.flatMap((user) => {
    if (user.status === 'unknown') return [];
    const { uid, username = '', statusText = '', since, statusExpiresAt } = user;
    const lasted = since ? span(Date.now() - since.getTime()) : '';
    return [[uid, username, user.status, statusText, lasted, statusExpiresAt?.toISOString() ?? ''].map(printable)];
  });
  if (rows.length === 0) return say(status === undefined ? 'nobody' : `nobody is ${status}`);
  say(table([COLUMNS, ...rows]));
  if (next !== undefined) say(printable(`the first ${rows.length} by id; more: call presence.list --after ${next}`));
}
