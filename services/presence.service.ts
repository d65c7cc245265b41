import type { Context, ServiceSchema } from 'moleculer';
import { batchUpsert, type UpsertResult } from '../lib/batch-upsert';
import { claimOf, read, SERVICE_NAME, STATUS_EVENT } from '../lib/contract';
import type { PresenceChange } from '../lib/engine';
import { readConfig, type Config } from '../lib/env';
import { instanceNews } from '../lib/instance-event';
import { availableNodes } from '../lib/nodes';
import { PresenceDesk, type PresenceOptions } from '../lib/presence-desk';
import { serviceSchema } from '../lib/service-schema';
import { statusEvent } from '../lib/status-event';
import { LeaseMemory } from '../lib/lease-memory';
import { describeRole, roleOf, type Role } from '../lib/role';
import { createStore, refreshAfterMs } from '../lib/store/create-store';
import type { PresenceStore } from '../lib/store/port';
import { busGuardMixin, type BusService } from '../mixins/bus-guard.mixin';
import { coreLinkMixin, type CoreLinkService } from '../mixins/core-link.mixin';
import { keeperMixin } from '../mixins/keeper.mixin';
import { peersMixin } from '../mixins/peers.mixin';
import { presenceJobsMixin } from '../mixins/presence-jobs.mixin';
import type { ReplicaService } from '../mixins/replica-service';
import { storeMixin } from '../mixins/store.mixin';

export interface PresenceParts {
  readonly config: Config;
  readonly store: PresenceStore;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
}

export interface PresenceService extends ReplicaService, CoreLinkService, BusService {
  role: Role;
  desk: PresenceDesk;
  store: PresenceStore;
  clock: () => number;
  broadcastEnabled: boolean;
  tell(changes: readonly PresenceChange[]): void;
}

/** Upstream's shape and value; it limits nothing here (contract W12). */
const MAX_CONNECTIONS_SHOWN = 200;

type Run<A, R> = (this: PresenceService, args: A, ctx: Context) => Promise<R>;

/** An action: arguments checked here, carried out where the state is kept. */
function action<A, R>(name: string, readArguments: (params: unknown) => A, run: Run<A, R>) {
  return {
    handler(this: PresenceService, ctx: Context): Promise<R> {
      const args = readArguments(ctx.params);
      return this.atKeeper(ctx, name, () => run.call(this, args, ctx));
    },
  };
}

const connectionActions = {
  newConnection: action('newConnection', read.newConnection, async function ({ uid, session, nodeId }, ctx) {
    if (!uid || !session) return undefined;
    await this.desk.connect(uid, session, nodeId ?? this.callerOf(ctx));
    return { uid, connectionId: session };
  }),
  removeConnection: action('removeConnection', read.removeConnection, async function ({ uid, session }) {
    if (!uid || !session) return undefined;
    await this.desk.disconnect(uid, session);
    return { uid, session };
  }),
  updateConnection: action('updateConnection', read.updateConnection, async function ({ uid, connectionId }, ctx) {
    if (!uid || !connectionId) return undefined;
    await this.desk.heartbeat(uid, connectionId, this.callerOf(ctx));
    return { uid, connectionId };
  }),
  setConnectionStatus: action('setConnectionStatus', read.setConnectionStatus, function ({ uid, status, session }) {
    return this.desk.sessionStatus(uid, session, status);
  }),
  removeLostConnections: action('removeLostConnections', read.removeLostConnections, function ({ nodeID }) {
    if (nodeID) return this.desk.dropInstance(nodeID);
    return this.desk.dropOtherInstances(availableNodes(this.broker));
  }),
};

const claimActions = {
  setStatus: action('setStatus', read.setStatus, async function ({ uid, ...given }, ctx) {
    await this.refuseDisabled(ctx, uid);
    const claim = claimOf({ ...given, statusSource: 'manual' }, this.clock());
    const clears = claim.statusDefault === 'online' && !claim.statusText;
    return this.desk.claim(uid, clears ? { kind: 'clearActive' } : { kind: 'setActive', claim });
  }),
  setActiveState: action('setActiveState', read.setActiveState, async function ({ uid, claim }) {
    return this.desk.claim(uid, { kind: 'setActive', claim: claimOf(claim, this.clock()) });
  }),
  endActiveState: action('endActiveState', read.endActiveState, function ({ uid, statusId }) {
    return this.desk.claim(uid, { kind: 'endActive', statusId });
  }),
  clearActiveState: action('clearActiveState', read.uid, function ({ uid }) {
    return this.desk.claim(uid, { kind: 'clearActive' });
  }),
  /** For callers of the 6.x/7.x era (contract 2.1, 10.3). */
  updateUserPresence: action('updateUserPresence', read.uid, function ({ uid }) {
    return this.desk.recompute(uid);
  }),
  /** Who the users of an embedded store are. @returns one result an item, in order */
  upsertUsers: action('upsertUsers', read.upsertUsers, function ({ users }): Promise<UpsertResult[]> {
    return batchUpsert(this.desk, users);
  }),
};

const countActions = {
  toggleBroadcast: action('toggleBroadcast', read.toggleBroadcast, async function ({ enabled }) {
    await this.store.setBroadcastEnabled(enabled);
    this.broadcastEnabled = enabled;
    send(this, BROADCAST_TOGGLED, [enabled]);
    if (enabled) await this.tellBroadcastEnabled();
  }),
  getConnectionCount: action('getConnectionCount', read.nothing, async function () {
    const { current } = await this.desk.connections();
    return { current, max: MAX_CONNECTIONS_SHOWN };
  }),
  getPeakConnections: action('getPeakConnections', read.getPeakConnections, async function ({ reset }) {
    const { peak } = await this.desk.connections();
    if (reset) await this.desk.resetPeak();
    return peak;
  }),
  resetPeakConnections: action('resetPeakConnections', read.nothing, async function () {
    await this.desk.resetPeak();
  }),
};

const events = {
  'watch.instanceStatus': {
    context: true,
    async handler(this: PresenceService, ctx: Context) {
      const news = instanceNews(ctx.params);
      if (!news || !this.isKeeper()) return;
      if (news.kind === 'alive') return this.store.hearInstance(news.id, news.connections, this.clock());
      await this.store.forgetInstance(news.id);
      await this.desk.dropInstance(news.id);
    },
  },
  /** Heard and ignored: no license is asked or required (contract 4.1, W12). */
  'license.module': { context: true, handler(this: PresenceService, _ctx: Context) {} },
  '$node.disconnected': {
    context: true,
    async handler(this: PresenceService, ctx: Context<{ node?: { id?: string } }>) {
      // A replica that died may have dropped sessions without having told us.
      this.desk.forgetLeases('all');
      const id = ctx.params.node?.id;
      if (id && this.isKeeper()) await this.desk.dropInstance(id);
    },
  },
};

/** Told among replicas that share a store; nobody else listens. */
const FORGET_LEASES = 'presence.leases.forget';
const BROADCAST_TOGGLED = 'presence.broadcast.toggled';

/** What replicas tell each other, so that they give the same answers (design invariant 13). */
const replicaEvents = {
  [FORGET_LEASES]: {
    context: true,
    handler(this: PresenceService, ctx: Context<[readonly string[] | 'all']>) {
      if (ctx.nodeID !== this.broker.nodeID) this.desk.forgetLeases(ctx.params[0]);
    },
  },
  [BROADCAST_TOGGLED]: {
    context: true,
    handler(this: PresenceService, ctx: Context<[boolean]>) {
      if (this.store.isShared) this.broadcastEnabled = ctx.params[0];
    },
  },
};

/** Sends an event; a bus that is away is no reason to fail what is durable already. */
function send(service: PresenceService, event: string, payload: readonly unknown[]): void {
  service.broker
    .broadcast(event, payload)
    .catch((error: unknown) => service.logger.warn(`${event} could not be sent`, error));
}

/** The service `presence` (contract 2.1): the schema and its wiring; what it does is in lib/presence-desk.ts. */
export function presenceService({ config, store, clock = Date.now }: PresenceParts): ServiceSchema {
  const replicas = store.isShared
    ? peersMixin((service) => (service as PresenceService).role === 'owner')
    : keeperMixin;
  return serviceSchema<PresenceService>({
    name: SERVICE_NAME,
    // Started last to first, stopped first to last: first the bus is watched, then the store opens; it closes last but one.
    mixins: [presenceJobsMixin(config), replicas, coreLinkMixin(), storeMixin(store), busGuardMixin()],
    actions: { ...connectionActions, ...claimActions, ...countActions },
    events: { ...events, ...replicaEvents },
    methods: {
      /** What a node does when the state becomes its own to keep. */
      async takeOver(this: PresenceService) {
        this.broadcastEnabled = await store.broadcastEnabled();
        await this.desk.verifyAll();
      },
      busCameBack(this: PresenceService) {
        // Replicas may have dropped sessions meanwhile, and their word of it is lost.
        this.desk.forgetLeases('all');
      },
      tell(this: PresenceService, changes: readonly PresenceChange[]) {
        if (!this.broadcastEnabled) return;
        for (const change of changes) send(this, STATUS_EVENT, statusEvent(change));
      },
    },
    created(this: PresenceService) {
      Object.assign(this, { store, clock, role: 'owner', broadcastEnabled: true });
      this.desk = new PresenceDesk({
        store,
        clock,
        maxQueued: config.MAX_QUEUED_CALLS,
        onChanges: (changes) => this.tell(changes),
        leases: store.isShared ? leasesOf(this, config) : undefined,
      });
    },
    async started(this: PresenceService) {
      this.role = roleOf(config, store);
      this.logger.info(describeRole(this.role, store));
      if (store.isShared) this.broadcastEnabled = await store.broadcastEnabled();
    },
    async stopped(this: PresenceService) {
      await this.desk.stop();
    },
  });
}

function leasesOf(service: PresenceService, config: Config): PresenceOptions['leases'] {
  const memory = new LeaseMemory();
  const onDropped = (sessions: readonly string[] | 'all') => {
    memory.forget(sessions);
    send(service, FORGET_LEASES, [sessions]);
  };
  return { memory, refreshAfterMs: refreshAfterMs(config), onDropped };
}

/** For the loader: the service as the environment says. */
export default function (): ServiceSchema {
  const config = readConfig(process.env);
  return presenceService({ config, store: createStore(config) });
}
