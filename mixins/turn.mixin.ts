import type { Service, ServiceSchema } from 'moleculer';
import { periodicMixin } from './periodic.mixin';

export interface Turn<S extends Service> {
  readonly name: string;
  /** Whether it is this replica's. */
  readonly isOurs: (service: S) => boolean;
  /** Called at each look while it is ours: does nothing where it goes on already. */
  readonly begin: (service: S) => void;
  /** The same while it is not. */
  readonly end: () => Promise<void>;
}

/** How soon it is noticed that it is another replica's now, or this one's. */
const LOOK_EVERY_MS = 500;

/** What goes on all the time, on one replica at a time: it begins when that is this one, and ends when it is another or this one stops. */
export function turnMixin<S extends Service>({ name, isOurs, begin, end }: Turn<S>): Partial<ServiceSchema> {
  let isStopped = false;

  async function look(service: S): Promise<void> {
    if (isStopped) return;
    if (isOurs(service)) begin(service);
    else await end();
  }

  return {
    mixins: [
      periodicMixin<S>({ name, everyMs: LOOK_EVERY_MS, firstAfterMs: 0, run: look }),
    ] as Partial<ServiceSchema>[],
    async started() {
      isStopped = false;
    },
    async stopped() {
      isStopped = true; // a look comes until the job has stopped, which is after this
      await end();
    },
  };
}
