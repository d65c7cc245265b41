import type { Context, Service, ServiceSchema } from 'moleculer';
import type { PresenceDesk } from '../lib/desk/presence-desk';
import { KnownReplicas } from '../lib/replicas/known-replicas';
import type { PresenceStore } from '../lib/store/port';
import { argumentsOf, isId } from '../lib/wire/ids';
import { dropsOf } from '../lib/wire/packet-drops';

export interface TalkingService extends Service {
  readonly desk: PresenceDesk;
  readonly store: PresenceStore;
  broadcastEnabled: boolean;
  knownReplicas: KnownReplicas;
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
      handler(this: TalkingService, ctx: Context) {
        if (ctx.nodeID === this.broker.nodeID) return;
        const told = forgetLeasesIn(ctx.params);
        if (told) forget(this.desk, told);
        else dropsOf(this.broker).add('content', ctx.nodeID);
      },
    },
    [BROADCAST_TOGGLED]: {
      context: true,
      handler(this: TalkingService, ctx: Context) {
        if (!this.store.isShared) return;
        const [enabled] = argumentsOf(ctx.params);
        if (typeof enabled === 'boolean') this.broadcastEnabled = enabled;
        else dropsOf(this.broker).add('content', ctx.nodeID);
      },
    },
    '$node.disconnected': {
      context: true,
      handler(this: TalkingService, ctx: Context<{ node?: { id?: string } } | undefined>) {
        // A replica that died may have dropped sessions without having told us.
        this.desk.forgetLeases('all');
        const id = ctx.params?.node?.id;
        if (id) this.knownReplicas.left(id);
      },
    },
    '$services.changed': {
      context: true,
      handler(this: TalkingService, _ctx: Context) {
        this.knownReplicas.look();
      },
    },
  },
  created(this: Service) {
    (this as TalkingService).knownReplicas = new KnownReplicas(this.broker);
  },
  methods: {
    /** The node that made the call, also when another replica handed it on. */
    callerOf(this: TalkingService, ctx: Context): string {
      const from = ctx.nodeID ?? this.broker.nodeID;
      const { presenceCaller } = ctx.meta as { presenceCaller?: unknown };
      return isId(presenceCaller) && this.knownReplicas.has(from) ? presenceCaller : from;
    },
    /** Only other replicas may tell anything along with a call. */
    carriedBy(this: TalkingService, ctx: Context): unknown {
      if (!ctx.nodeID || !this.knownReplicas.has(ctx.nodeID)) return undefined;
      return (ctx.meta as { presenceCarried?: unknown }).presenceCarried;
    },
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

/** Any node may send one. */
function forgetLeasesIn(payload: unknown): ForgetLeases | undefined {
  const [sessions, removals] = argumentsOf(payload);
  if (sessions !== 'all' && !isIds(sessions)) return undefined;
  return [sessions, isIds(removals) ? removals : undefined];
}

const isIds = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isId);
