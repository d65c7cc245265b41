import type { Command } from '../../domain/commands';

/** Sessions that were removed, and the name of each one's removal. */
export interface Dropped {
  readonly sessions: readonly string[];
  readonly removals: readonly string[];
}

/** What the removals of a batch are to be told of. */
export function droppedBy(batch: readonly Command[]): Dropped | 'all' {
  const [sessions, removals]: [string[], string[]] = [[], []];
  for (const command of batch) {
    // Which sessions the user had is not known.
    if (command.kind === 'remove') return 'all';
    if (command.kind !== 'session' || command.session.kind !== 'disconnect') continue;
    sessions.push(command.session.session);
    removals.push(command.session.removal ?? 'unnamed');
  }
  return { sessions, removals };
}
