import type { Command } from './commands';
import { CAUSES, type Cause } from './types';

/** What a command, by itself, gives as the cause of a change. */
export function causeOf(command: Command): Cause {
  switch (command.kind) {
    case 'claim':
      return 'claim';
    case 'identify':
    case 'remove':
      return 'import';
    case 'recompute':
      return command.outside ? 'outside' : 'reconcile';
    case 'session':
      return causeOfSession(command.session.kind);
  }
}

function causeOfSession(kind: Extract<Command, { kind: 'session' }>['session']['kind']): Cause {
  switch (kind) {
    case 'dropInstance':
    case 'dropOtherInstances':
      return 'node-lost';
    case 'dropStale':
      return 'lease';
    case 'restoreInstance':
    case 'connect':
    case 'heartbeat':
    case 'sessionStatus':
    case 'disconnect':
      return 'connection';
  }
}

export function stronger(a: Cause, b: Cause): Cause {
  return CAUSES.indexOf(a) <= CAUSES.indexOf(b) ? a : b;
}
