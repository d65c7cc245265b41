import type { ServiceBroker } from 'moleculer';
import { historyCommand } from './history';
import { importCommand } from './import';
import { presenceCommand } from './presence';
import { reconcileCommand } from './reconcile';
import { printable, say, sayRefused } from './text';
import { topCommand } from './top';
import { whoCommand } from './who';

/** What moleculer-repl lends to commands. */
interface ReplHelpers {
  readonly table: (rows: readonly (readonly string[])[]) => string;
}

/** What was typed after a command's name. */
type Words = readonly string[];

/** As moleculer-repl takes commands of one's own. */
export interface ReplCommand {
  readonly command: string;
  readonly description: string;
  /** Keeps all words that were typed: moleculer-repl itself drops those that the command does not name. */
  readonly parse: (typed: { readonly args: Words; params?: Words }) => void;
  readonly action: (broker: ServiceBroker, words: Words, helpers: ReplHelpers) => Promise<void>;
}

type Answer = (broker: ServiceBroker, helpers: ReplHelpers, word: string | undefined) => Promise<void>;

/**
 * A command of one argument at most. What it cannot do is one line at the prompt, never a stack.
 *
 * @param usage its name, then `<argument>` or `[argument]`
 */
function command(usage: string, description: string, answer: Answer): ReplCommand {
  const names = usage.split(' ').length - 1;
  return {
    command: usage,
    description,
    parse: (typed) => void (typed.params = typed.args),
    action: async (broker, words, helpers) => {
      if (words.length > names) return say(printable(`usage: ${usage}; “${words[names]}” is one word too many`));
      await answer(broker, helpers, words[0]).catch(sayRefused);
    },
  };
}

/** What an operator may type at the prompt besides Moleculer's own commands. */
export const REPL_COMMANDS: readonly ReplCommand[] = [
  command('who [status]', 'List users, all or those with a status.', (broker, { table }, status) =>
    whoCommand(broker, status, table),
  ),
  command('presence <user>', 'Say why a user is shown as they are.', (broker, _helpers, user) =>
    presenceCommand(broker, user!),
  ),
  command('history <user>', 'List the last changes of a user.', (broker, { table }, user) =>
    historyCommand(broker, user!, table),
  ),
  command(
    'top [pictures]',
    'Show every second how things stand, ten times or as often as given.',
    (broker, { table }, pictures) => topCommand(broker, pictures, table),
  ),
  command('reconcile', 'Decide the presence of everybody again and put right what differs.', (broker) =>
    reconcileCommand(broker),
  ),
  command(
    'import [again]',
    'Import the users of Rocket.Chat, or go on with it; `import again` begins anew.',
    (broker, _helpers, again) => importCommand(broker, again),
  ),
];
