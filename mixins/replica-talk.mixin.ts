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

/** Sessions that were removed, and the name of each one's removal: absent where a replica of an earlier release tells it. */
type ForgetLeases = readonly [sessions: readonly string[] | 'all', removals?: readonly string[]];

/** Told among replicas; nobody else listens. */
export const FORGET_LEASES = 'presence.leases.forget';
export const BROADCAST_TOGGLED = 'presence.broadcast.toggled';

/** What replicas tell each other, so that they give the same answers (design invariant 13). */
export const replicaTalkMixin: Partial<ServiceSchema> = {
  events: {
    [FORGET_LEASES]: {
      context: true,
      handler(this: TalkingService, ctx: Context<ForgetLeases>) {
        if (ctx.nodeID !== this.broker.nodeID) forget(this.desk, ctx.params);
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

function forget(desk: PresenceDesk, [sessions, removals]: ForgetLeases): void {
  desk.forgetLeases(sessions);
  if (sessions === 'all' || !removals) return;
  sessions.forEach((session, i) => {
    const removal = removals[i];
    if (removal) desk.removals.hear(session, removal);
  });
}
