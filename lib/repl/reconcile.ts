import { SingleBar } from 'cli-progress';
import type { Context, ServiceBroker } from 'moleculer';
import type { ReconcileProgress } from '../desk/reconciler';
import { say, withNumbers } from './text';

/** Told while a full run goes on. */
export const RECONCILE_PROGRESS = 'presence.reconcile.progress';

export interface ReconcileTold extends ReconcileProgress {
  /** About how many users there are to check. */
  readonly total: number;
}

/** A full run may take long: nobody waits for it by the usual time-out. */
const NO_TIMEOUT = 0;

/** Decides everybody again and shows how far it is: a bar on a terminal, lines elsewhere. */
export async function reconcileCommand(broker: ServiceBroker, isTerminal = process.stdout.isTTY): Promise<void> {
  const bar = new SingleBar({ format: 'reconciling [{bar}] {value} of about {total} users, {repaired} put right' });
  const show = ({ checked, total, repaired }: ReconcileTold) => {
    if (isTerminal && !bar.isActive) bar.start(1, 0, { repaired });
    if (isTerminal) bar.update(checked, { repaired });
    else say(`reconciling: ${checked} of about ${total} users, ${repaired} put right`);
    bar.setTotal(Math.max(total, checked));
  };
  const ear = broker.createService({
    name: '$reconcile-progress',
    events: {
      [RECONCILE_PROGRESS]: {
        context: true,
        handler: (ctx: Context) => withNumbers<ReconcileTold>(ctx.params, ['checked', 'repaired', 'total'], show),
      },
    },
  });
  try {
    const outcome = await broker.call<ReconcileProgress & { tookMs: number }, unknown[]>('presence.reconcile', [], {
      timeout: NO_TIMEOUT,
    });
    if (isTerminal) bar.stop();
    say(`${outcome.checked} users checked, ${outcome.repaired} put right, ${outcome.tookMs} ms`);
  } finally {
    bar.stop();
    await broker.destroyService(ear);
  }
}
