import type { Service, ServiceSchema } from 'moleculer';
import type { PresenceChange } from '../domain/presence';
import type { Outbox } from '../lib/callbacks/outbox';
import type { Config } from '../lib/config/env';
import type { PresenceMetrics } from '../lib/metrics';
import { Observer } from '../lib/observing/observer';
import type { PresenceStore } from '../lib/store/port';
import type { UserWatch } from '../lib/reads/user-watch';
import { periodicMixin } from './periodic.mixin';
import type { ReplicaService } from './replica-service';
import { turnMixin } from './turn.mixin';

interface ObservingService extends ReplicaService {
  readonly clock: () => number;
  readonly outbox: Outbox;
  readonly metrics: PresenceMetrics;
  readonly userWatch: UserWatch | undefined;
  usersWritten(uids: readonly string[]): void;
}

/**
 * Where Rocket.Chat's core decides presence, what it changes is kept and told as if it had been decided here: at once where the
 * store tells of changes, else by looking at everybody every SYNC_INTERVAL. On the bus nothing is told: that is core's to do.
 */
export function observerMixin(store: PresenceStore, config: Config): Partial<ServiceSchema> {
  let observer: Observer | undefined;
  let lookedFor = 0;

  async function look(service: ObservingService): Promise<void> {
    if (!observer || observer.isLive || !service.tends()) return;
    lookedFor += 1;
    if (lookedFor === 1)
      service.logger.info('the database tells of no changes: everybody is looked at every SYNC_INTERVAL');
    observer.lookAtAll();
    await observer.settled();
  }

  return {
    mixins: [
      turnMixin<ObservingService>({
        name: 'seeing to who sees what Rocket.Chat changes',
        isOurs: (service) => service.tends(),
        begin: () => observer?.begin(),
        end: async () => observer?.end(),
      }),
      periodicMixin<ObservingService>({ name: 'looking at everybody', everyMs: config.SYNC_INTERVAL, run: look }),
    ] as Partial<ServiceSchema>[],
    async started(this: Service) {
      const service = this as ObservingService;
      if (!store.observed || service.mayWork()) return;
      const { outbox, clock } = service;
      const warn = (message: string, error: unknown) => service.logger.warn(message, error);
      const onChanges = (changes: readonly PresenceChange[]) => tell(service, changes);
      observer = new Observer({ store, observed: store.observed, outbox, clock, onChanges, warn });
      service.userWatch?.add(observer);
      return Promise.resolve();
    },
  };
}

function tell(service: ObservingService, changes: readonly PresenceChange[]): void {
  service.metrics.changed(changes);
  service.usersWritten(changes.map(({ after }) => after._id));
}
