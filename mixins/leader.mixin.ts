import type { Service, ServiceSchema } from 'moleculer';
import type { Leadership } from '../lib/replicas/leadership';
import { periodicMixin } from './periodic.mixin';

interface LeadingService extends Service {
  takeOver(): Promise<void>;
}

export interface LeaderOptions {
  /** Made when the service has started, and its store is open: the holder is the node. */
  readonly leadership: (service: Service) => Leadership;
  readonly renewEveryMs: number;
}

/**
 * One of the replicas that share a store leads: it does the jobs that one replica does. When it dies the next one
 * takes over once its lease is over; when it stops, at once.
 */
export function leaderMixin({ leadership, renewEveryMs }: LeaderOptions): Partial<ServiceSchema> {
  let lead: Leadership | undefined;

  async function renew(service: Service): Promise<void> {
    if (!(await lead?.renew())) return;
    service.logger.info('this replica does the jobs that one replica does');
    (service as LeadingService)
      .takeOver()
      .catch((error: unknown) => service.logger.warn('what is done on taking over failed', error));
  }

  return {
    mixins: [
      periodicMixin<Service>({ name: 'renewing the leader’s lease', everyMs: renewEveryMs, run: renew }),
    ] as Partial<ServiceSchema>[],
    methods: {
      tends(this: Service): boolean {
        return lead?.isHeld ?? false;
      },
    },
    async started(this: Service) {
      lead = leadership(this);
      // The first to start leads from the beginning; who asks in vain learns that another does.
      await renew(this);
    },
    async stopped(this: Service) {
      // A store that is away keeps nobody from stopping: the lease ends by itself.
      await lead?.resign().catch(() => undefined);
    },
  };
}
