import type { Context, Service, ServiceSchema } from 'moleculer';
import { SERVICE_NAME } from '../lib/wire/contract';
import type { Outbox } from '../lib/callbacks/outbox';
import type { PresenceDesk } from '../lib/desk/presence-desk';
import type { Role } from '../lib/replicas/role';
import type { PresenceStore } from '../lib/store/port';
import type { ReplicaService } from './replica-service';

/** The presence service of this very process, whose store others use too. */
export interface PresenceNeighbour extends ReplicaService {
  readonly store: PresenceStore;
  readonly role: Role;
  readonly desk: PresenceDesk;
  readonly clock: () => number;
  readonly outbox: Outbox;
}

export interface BesideService extends Service {
  presence(): PresenceNeighbour;
  /** Runs an action where the state is kept, as the presence service does. */
  atKeeper<T>(ctx: Context, action: string, here: () => Promise<T>): Promise<T>;
}

/** A service beside `presence`, in the same process and on the same store. */
export const besidePresenceMixin: Partial<ServiceSchema> = {
  dependencies: [SERVICE_NAME],
  methods: {
    presence(this: BesideService): PresenceNeighbour {
      return this.broker.getLocalService(SERVICE_NAME) as unknown as PresenceNeighbour;
    },
    atKeeper<T>(this: BesideService, ctx: Context, action: string, here: () => Promise<T>): Promise<T> {
      return this.presence().atKeeper(ctx, action, here);
    },
  },
};
