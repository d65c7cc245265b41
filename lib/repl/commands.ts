import type { ServiceBroker } from 'moleculer';
import { historyCommand } from './history';
import { importCommand } from './import';
import { presenceCommand } from './presence';
import { reconcileCommand } from './reconcile';
import { topCommand } from './top';
import { whoCommand } from './who';

/** What moleculer-repl lends to commands. */
interface ReplHelpers {
  readonly table: (rows: readonly (readonly string[])[]) => string;
}

/** As moleculer-repl takes commands of one's own. */
export interface ReplCommand {
  readonly command: string;
  readonly description: string;
  readonly action: (broker: ServiceBroker, args: Record<string, string>, helpers: ReplHelpers) => Promise<void>;
}

/** What an operator may type at the prompt besides Moleculer's own commands. */
export const REPL_COMMANDS: readonly ReplCommand[] = [
  {
    command: 'who [status]',
    description: 'List users, all or those with a status.',
    action: (broker, { status }, { table }) => whoCommand(broker, status, table),
  },
  {
    command: 'presence <user>',
    description: 'Say why a user is shown as he is.',
    action: (broker, { user }) => presenceCommand(broker, user!),
  },
  {
    command: 'history <user>',
    description: 'List the last changes of a user.',
    action: (broker, { user }, { table }) => historyCommand(broker, user!, table),
  },
  {
    command: 'top [pictures]',
    description: 'Show every second how things stand, ten times or as often as given.',
    action: (broker, { pictures }, { table }) => topCommand(broker, pictures, table),
  },
  {
    command: 'reconcile',
    description: 'Decide the presence of everybody again and put right what differs.',
    action: (broker) => reconcileCommand(broker),
  },
  {
    command: 'import [again]',
    description: 'Import the users of Rocket.Chat, or go on with it; `import again` begins anew.',
    action: (broker, { again }) => importCommand(broker, again),
  },
];
