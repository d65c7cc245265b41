import { clearScreenDown, moveCursor } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context, ServiceBroker } from 'moleculer';
import { STATUSES } from '../../domain/types';
import { STATUS_EVENT } from '../wire/contract';
import type { HistoryEntry, HistoryPage } from '../history/history-reads';
import type { PresenceStats } from '../reads/presence-reads';
import { printable, say } from './text';

type Table = (rows: readonly (readonly string[])[]) => string;

interface Frame {
  readonly stats: PresenceStats;
  readonly changesPerSecond: number;
  readonly last: readonly HistoryEntry[];
}

const SECOND = 1000;
const DEFAULT_FRAMES = 10;
const MOST_FRAMES = 3600;
const INSTANCES = 10;
const CHANGES = 5;

/**
 * Shows every second how things stand: users by status, sessions by instance, what changed last. On a terminal each picture
 * takes the place of the one before.
 *
 * @param frames how many; absent: ten
 */
export async function topCommand(
  broker: ServiceBroker,
  frames: string | undefined,
  table: Table,
  isTerminal = process.stdout.isTTY,
): Promise<void> {
  const count = frames === undefined ? DEFAULT_FRAMES : Number(frames);
  if (!Number.isInteger(count) || count < 1 || count > MOST_FRAMES) {
    return say(`top [pictures]: a whole number from 1 to ${MOST_FRAMES}`);
  }
  const heard = { changes: 0 };
  const ear = broker.createService({
    name: '$top',
    events: { [STATUS_EVENT]: { context: true, handler: (_ctx: Context) => void (heard.changes += 1) } },
  });
  try {
    let lines = 0;
    for (let i = 0; i < count; i++) {
      await delay(SECOND);
      const changesPerSecond = heard.changes;
      heard.changes = 0;
      const picture = pictureOf({ ...(await look(broker)), changesPerSecond }, table);
      if (isTerminal && lines > 0) {
        moveCursor(process.stdout, 0, -lines);
        clearScreenDown(process.stdout);
      }
      say(picture);
      lines = picture.split('\n').length;
    }
  } finally {
    await broker.destroyService(ear);
  }
}

async function look(broker: ServiceBroker): Promise<Pick<Frame, 'stats' | 'last'>> {
  const [stats, last] = await Promise.all([
    broker.call<PresenceStats, unknown[]>('presence.stats', []),
    broker.call<HistoryPage, object>('history.list', { limit: CHANGES }).then(
      ({ changes }) => changes,
      () => [], // there is none where none is kept
    ),
  ]);
  return { stats, last };
}

function pictureOf({ stats, changesPerSecond, last }: Frame, table: Table): string {
  const { statuses, connections, instances } = stats;
  const counts = [
    ...STATUSES.map((status) => statuses[status]),
    connections.current,
    connections.peak,
    changesPerSecond,
  ];
  const others = instances.slice(INSTANCES);
  const shown = instances.slice(0, INSTANCES).map(({ instanceId, sessions }) => [printable(instanceId), `${sessions}`]);
  const rest = others.reduce((sum, { sessions }) => sum + sessions, 0);
  return [
    table([[...STATUSES, 'connections', 'peak', 'changes a second'], counts.map(String)]),
    table([['instance', 'sessions'], ...shown, ...(rest > 0 ? [[`${others.length} more`, `${rest}`]] : [])]),
    ...(last.length > 0 ? [table([['when', 'user', 'from', 'to', 'cause'], ...last.map(rowOf)])] : []),
  ]
    .map((part) => part.trimEnd())
    .join('\n');
}

function rowOf({ at, uid, from, to, cause }: HistoryEntry): string[] {
  return [at.toISOString().slice(11, 19), uid, from ?? 'never seen', to, cause].map(printable);
}
