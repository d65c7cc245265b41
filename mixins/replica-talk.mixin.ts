import type { Context, Service, ServiceSchema } from 'moleculer';
import type { PresenceDesk } from '../lib/desk/presence-desk';
import type { PresenceStore } from '../lib/store/port';

export interface TalkingService extends Service {
  readonly desk: PresenceDesk;
  readonly store: PresenceStore;
  broadcastEnabled: boolean;
  /** Sends an event to all nodes; a bus that is away is no reason to fail what is durable already. */
  send(event: string, payload: readonly unknown[]): void;
}

/** Told among replicas that share a store; nobody else listens. */
export const FORGET_LEASES = 'presence.leases.forget';
export const BROADCAST_TOGGLED = 'presence.broadcast.toggled';

/** What replicas tell each other, so that they give the same answers (design invariant 13). */
export const replicaTalkMixin: Partial<ServiceSchema> = {
  events: {
    [FORGET_LEASES]: {
      context: true,
      handler(this: TalkingService, ctx: Context<[readonly string[] | 'all']>) {
        if (ctx.nodeID !== this.broker.nodeID) this.desk.forgetLeases(ctx.params[0]);
      },
    },
    [BROADCAST_TOGGLED]: {
      context: true,
      handler(this: TalkingService, ctx: Context<[boolean]>) {
        if (this.store.isShared) this.broadcastEnabled = ctx.params[0];
      },
    },
    '$node.disconnected': {
      context: true,
      handler(this: TalkingService, _ctx: Context) {
        // A replica that died may have dropped sessions without having told us.
        this.desk.forgetLeases('all');
      },
    },
  },
  methods: {
    send(this: TalkingService, event: string, payload: readonly unknown[]) {
      this.broker
        .broadcast(event, payload)
        .catch((error: unknown) => this.logger.warn(`${event} could not be sent`, error));
    },
  },
};
