import { SingleBar } from 'cli-progress';
import type { Context, ServiceBroker } from 'moleculer';
import type { ImportState } from '../rocketchat/user-import';
import { printable, say, withNumbers } from './text';

/** Told while an import goes on. */
export const IMPORT_PROGRESS = 'rocketchat.import.progress';

interface Status {
  readonly fault?: string;
  readonly users?: ImportState;
}

const LOOK_EVERY_MS = 1000;

/** Imports the users of Rocket.Chat and shows how far it is: a bar on a terminal, lines elsewhere. Ends when it is over or cannot go on. */
export async function importCommand(
  broker: ServiceBroker,
  again: string | undefined,
  isTerminal = process.stdout.isTTY,
): Promise<void> {
  if (again !== undefined && again !== 'again') return say(printable(`import [again]: “${again}” is not “again”`));
  const bar = new SingleBar({ format: 'importing [{bar}] {value} of {total} users, {eta_formatted} left' });
  const show = ({ imported, total }: ImportState) => {
    if (isTerminal && !bar.isActive) bar.start(1, 0);
    if (isTerminal) bar.update(imported);
    else say(`importing: ${imported} of ${total} users`);
    bar.setTotal(Math.max(total, imported, 1));
  };
  const ear = broker.createService({
    name: '$import-progress',
    events: {
      [IMPORT_PROGRESS]: {
        context: true,
        handler: (ctx: Context) => withNumbers<ImportState>(ctx.params, ['imported', 'total'], show),
      },
    },
  });
  try {
    await broker.call('rocketchat.import', { again: again === 'again' });
    const { fault, users } = await ended(broker);
    bar.stop();
    say(
      users?.finishedAt
        ? `${users.imported} users are here, ${users.refused} could not be taken`
        : printable(`${fault}`),
    );
  } finally {
    bar.stop();
    await broker.destroyService(ear);
  }
}

/** What goes on for long is looked at, not waited for by a call. */
async function ended(broker: ServiceBroker): Promise<Status> {
  for (;;) {
    const status = await broker.call<Status>('rocketchat.status');
    if (status.users?.finishedAt || status.fault) return status;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
