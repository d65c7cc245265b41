import type { ServiceBroker } from 'moleculer';
import { reconcileCommand } from './reconcile';

/** As moleculer-repl takes commands of one's own. */
export interface ReplCommand {
  readonly command: string;
  readonly description: string;
  readonly action: (broker: ServiceBroker, args: object) => Promise<void>;
}

/** What an operator may type at the prompt besides Moleculer's own commands. */
export const REPL_COMMANDS: readonly ReplCommand[] = [
  {
    command: 'reconcile',
    description: 'Decide the presence of everybody again and put right what differs.',
    action: (broker) => reconcileCommand(broker),
  },
];
