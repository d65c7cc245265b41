import type { ServiceSchema } from 'moleculer';
import type { PresenceDesk } from '../lib/presence-desk';
import type { PresenceStore } from '../lib/store/port';
import type { ReplicaService } from './replica-service';
import { turnMixin } from './turn.mixin';

interface DecidingService extends ReplicaService {
  readonly desk: PresenceDesk;
}

/**
 * What others write to users' presence past this service, where it decides: the replica that leads decides such a user again, and tells
 * of him once. Where the database tells of no changes the verifying walk puts right what is wrong, and what is not is not told.
 */
export function outsideWritesMixin(store: PresenceStore): Partial<ServiceSchema> {
  let stopWatching: (() => Promise<void>) | undefined;
  return turnMixin<DecidingService>({
    name: 'seeing to who heeds what others write',
    isOurs: (service) => service.isLeader(),
    begin: (service) => {
      stopWatching ??= store.outsideWrites?.watch((uid) => decideAgain(service, uid));
    },
    end: async () => {
      const stop = stopWatching;
      stopWatching = undefined;
      await stop?.();
    },
  });
}

function decideAgain({ desk, logger }: DecidingService, uid: string): void {
  desk
    .seenOutside(uid)
    .catch((error: unknown) => logger.warn('a user whom others wrote could not be decided again', error));
}
