import type { Service, ServiceSchema } from 'moleculer';
import { actionsOf } from '../lib/wire/action';
import { read } from '../lib/wire/contract';
import { PresenceError } from '../lib/wire/errors';
import type { PresenceDesk } from '../lib/desk/presence-desk';
import type { PresenceReads } from '../lib/reads/presence-reads';
import { readSchedules } from '../lib/schedules/schedule-contract';
import { Scheduler } from '../lib/schedules/scheduler';
import type { PresenceStore } from '../lib/store/port';
import { periodicMixin } from './periodic.mixin';
import type { ReplicaService } from './replica-service';

interface ClaimsService extends ReplicaService {
  readonly reads: PresenceReads;
  readonly desk: PresenceDesk;
  readonly clock: () => number;
  scheduler: Scheduler;
}

/** Scheduled claims are made at most this late, and the time a flush takes. */
const LOOK_EVERY_MS = 250;

/** What is claimed of users, and what will be: claims beyond those that Rocket.Chat makes, reads and ends. */
export function claimsMixin(store: PresenceStore): Partial<ServiceSchema> {
  const action = actionsOf<ClaimsService>();
  return {
    mixins: [
      // Every replica does this, as it ends claims: nobody must wait for another to take over. What one takes the others leave.
      periodicMixin<ClaimsService>({
        name: 'making scheduled claims',
        everyMs: LOOK_EVERY_MS,
        run: async (service) => (service.mayWork() ? service.scheduler.run() : 0),
      }),
    ] as Partial<ServiceSchema>[],
    actions: {
      /** Everything that is claimed of a user: what is active, and what waits behind it, the next one first. */
      claims: action('claims', read.uid, function ({ uid }) {
        return this.reads.claims(uid, this.clock());
      }),
      /** Keeps a claim that is to be made later. @returns the schedule, with its id */
      schedule: action('schedule', readSchedules.schedule, async function (given) {
        if (!this.mayWork()) throw new PresenceError('NOT_OWNER', 'Rocket.Chat’s core decides presence here');
        return this.scheduler.add(given);
      }),
      /** A user's schedules that are not over. */
      schedules: action('schedules', read.uid, function ({ uid }) {
        return this.scheduler.list(uid);
      }),
      /** Removes a schedule and ends its claim. @returns whether there was one */
      cancelSchedule: action('cancelSchedule', readSchedules.cancel, function ({ uid, id }) {
        return this.scheduler.cancel(uid, id);
      }),
    },
    created(this: Service) {
      const service = this as ClaimsService;
      service.scheduler = new Scheduler({
        store,
        clock: () => service.clock(),
        claim: (uid, claim) => service.desk.claim(uid, { kind: 'setActive', claim }),
        end: (uid, statusId) => service.desk.claim(uid, { kind: 'endActive', statusId }),
        warn: (message, error) => service.logger.warn(message, error),
      });
    },
  };
}
