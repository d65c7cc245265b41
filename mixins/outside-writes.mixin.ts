import type { ServiceSchema } from 'moleculer';
import type { Config } from '../lib/config/env';
import { OutsideLook } from '../lib/observing/outside-look';
import type { PresenceDesk } from '../lib/desk/presence-desk';
import type { PresenceStore } from '../lib/store/port';
import { periodicMixin } from './periodic.mixin';
import type { ReplicaService } from './replica-service';
import { turnMixin } from './turn.mixin';

interface DecidingService extends ReplicaService {
  readonly desk: PresenceDesk;
  readonly clock: () => number;
}

/**
 * What others write to users' presence past this service, where it decides: the replica that leads decides such a user again, and tells
 * of him once. Where the database tells of no changes everybody who is there is looked at every SYNC_INTERVAL.
 */
export function outsideWritesMixin(store: PresenceStore, config: Config): Partial<ServiceSchema> {
  const { outsideWrites } = store;
  const outsideLook = new OutsideLook(store);
  let stopWatching: (() => Promise<void>) | undefined;

  async function look(service: DecidingService): Promise<void> {
    // Nobody else writes to a database of our own.
    if (!outsideWrites || outsideWrites.isLive || store.createsUsers || !service.isLeader())
      return outsideLook.forget();
    for (const uid of await outsideLook.look(service.clock())) decideAgain(service, uid);
  }

  return {
    mixins: [
      turnMixin<DecidingService>({
        name: 'seeing to who heeds what others write',
        isOurs: (service) => service.isLeader(),
        begin: (service) => {
          stopWatching ??= outsideWrites?.watch((uid) => decideAgain(service, uid));
        },
        end: async () => {
          const stop = stopWatching;
          stopWatching = undefined;
          await stop?.();
        },
      }),
      periodicMixin<DecidingService>({
        name: 'looking for what others write',
        everyMs: config.SYNC_INTERVAL,
        run: look,
      }),
    ] as Partial<ServiceSchema>[],
  };
}

function decideAgain({ desk, logger }: DecidingService, uid: string): void {
  desk
    .seenOutside(uid)
    .catch((error: unknown) => logger.warn('a user whom others wrote could not be decided again', error));
}
