import type { Service, ServiceSchema } from 'moleculer';
import type { PresenceDesk } from '../lib/presence-desk';
import type { PresenceStore } from '../lib/store/port';
import { periodicMixin } from './periodic.mixin';
import type { ReplicaService } from './replica-service';

interface DecidingService extends ReplicaService {
  readonly desk: PresenceDesk;
}

/** How soon it is noticed that another replica leads, or this one. */
const TURN_EVERY_MS = 500;

/**
 * What others write to users' presence past this service, where it decides: the replica that leads decides such a user again, and tells
 * of him once. Where the database tells of no changes the verifying walk puts right what is wrong, and what is not is not told.
 */
export function outsideWritesMixin(store: PresenceStore): Partial<ServiceSchema> {
  let stopWatching: (() => Promise<void>) | undefined;

  async function takeTurn(service: DecidingService): Promise<void> {
    if (service.isLeader()) {
      stopWatching ??= store.outsideWrites?.watch((uid) => decideAgain(service, uid));
      return;
    }
    const stop = stopWatching;
    stopWatching = undefined;
    await stop?.();
  }

  return {
    mixins: [
      periodicMixin<DecidingService>({
        name: 'seeing to who heeds what others write',
        everyMs: TURN_EVERY_MS,
        firstAfterMs: 0,
        run: takeTurn,
      }),
    ] as Partial<ServiceSchema>[],
    async stopped(this: Service) {
      await stopWatching?.();
    },
  };
}

function decideAgain({ desk, logger }: DecidingService, uid: string): void {
  desk
    .seenOutside(uid)
    .catch((error: unknown) => logger.warn('a user whom others wrote could not be decided again', error));
}
