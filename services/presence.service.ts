import type { Context, ServiceSchema } from 'moleculer';
import { actionsOf } from '../lib/wire/action';
import { batchSetStatus, type SetStatusResult } from '../lib/desk/batch-set-status';
import { batchRemove, type RemoveResult } from '../lib/desk/batch-remove';
import { batchUpsert, type UpsertResult } from '../lib/desk/batch-upsert';
import { claimOf, read, SERVICE_NAME, type StatusArguments } from '../lib/wire/contract';
import { declaredStatus, requestOf } from '../lib/wire/set-status';
import type { PresenceChange } from '../domain/presence';
import { readConfig, type Config } from '../lib/config/env';
import { PresenceMetrics } from '../lib/metrics';
import { createParts, type PresenceParts } from '../lib/desk/presence-parts';
import type { Reaped } from '../lib/replicas/reaper';
import { serviceSchema } from '../lib/wire/service-schema';
import { describeRole, roleOf, type Role } from '../lib/replicas/role';
import { createStore } from '../lib/store/create-store';
import type { PresenceStore } from '../lib/store/port';
import { coreLinkMixin, type CoreLinkService } from '../mixins/core-link.mixin';
import { instanceNewsMixin } from '../mixins/instance-news.mixin';
import { keeperMixin } from '../mixins/keeper.mixin';
import { operatorMixin } from '../mixins/operator.mixin';
import { peersMixin } from '../mixins/peers.mixin';
import { presenceJobsMixin } from '../mixins/presence-jobs.mixin';
import { tellMissed } from '../mixins/change-hook';
import { busGuardMixin } from '../mixins/bus-guard.mixin';
import { livenessMixin, type LivenessService } from '../mixins/liveness.mixin';
import { nodeProcessesMixin } from '../mixins/node-processes.mixin';
import { observerMixin } from '../mixins/observer.mixin';
import { outsideWritesMixin } from '../mixins/outside-writes.mixin';
import { rocketChatAccountMixin, type AccountService } from '../mixins/rocketchat-account.mixin';
import { claimsMixin } from '../mixins/claims.mixin';
import { connectionsMixin, type ConnectionsService } from '../mixins/connections.mixin';
import { readsMixin } from '../mixins/reads.mixin';
import { BROADCAST_TOGGLED, FORGET_LEASES, replicaTalkMixin } from '../mixins/replica-talk.mixin';
import { storeMixin } from '../mixins/store.mixin';
import { tellingMixin, type TellingService } from '../mixins/telling.mixin';

export interface ServiceOptions {
  readonly config: Config;
  readonly store: PresenceStore;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
}

export interface PresenceService
  extends LivenessService, CoreLinkService, TellingService, AccountService, Pick<ConnectionsService, 'keptCalls'> {
  role: Role;
  store: PresenceStore;
  broadcastEnabled: boolean;
  metrics: PresenceMetrics;
  readonly desk: PresenceParts['desk'];
  readonly reconciler: PresenceParts['reconciler'];
  readonly heartbeatNotes: PresenceParts['heartbeatNotes'];
  tell(changes: readonly PresenceChange[]): void;
  usersWritten(uids: readonly string[]): void;
}

/** Upstream's shape and value; it limits nothing here (contract W12). */
const MAX_CONNECTIONS_SHOWN = 200;

const action = actionsOf<PresenceService>();

/** What users say of themselves (contract 2.1). */
async function setStatus(service: PresenceService, ctx: Context, given: StatusArguments): Promise<boolean> {
  const { uid } = given;
  await service.refuseDisabled(ctx, uid);
  const declared = declaredStatus(given, service.clock());
  if (service.setsThroughRocketChat()) return service.setThroughRocketChat(ctx, uid, declared);
  return service.desk.claim(uid, requestOf(declared));
}

const claimActions = {
  setStatus: action('setStatus', read.setStatus, function (given, ctx) {
    return setStatus(this, ctx, given);
  }),
  /** `setStatus` of many users. @returns one result an item, in order */
  setStatusMany: action('setStatusMany', read.setStatusMany, function ({ items }, ctx): Promise<SetStatusResult[]> {
    return batchSetStatus(items, (given) => setStatus(this, ctx, given));
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
  /** Forgets users of an embedded store: their sessions end, and they are told as offline. @returns one result an item, in order */
  removeUsers: action('removeUsers', read.removeUsers, function ({ uids }): Promise<RemoveResult[]> {
    return batchRemove(this.desk, uids);
  }),
};

const countActions = {
  toggleBroadcast: action('toggleBroadcast', read.toggleBroadcast, async function ({ enabled }) {
    await this.store.setBroadcastEnabled(enabled);
    this.broadcastEnabled = enabled;
    this.send(BROADCAST_TOGGLED, [enabled]);
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
  /** Heard and ignored: no license is asked or required (contract 4.1, W12). */
  'license.module': { context: true, handler(this: PresenceService, _ctx: Context) {} },
};

/** What its mixins and parts ask of the service. */
function methodsOf(store: PresenceStore, config: Config): ServiceSchema['methods'] {
  return {
    /** What a node does when the state becomes its own to keep, or the jobs its own to do: it may have been left half done. */
    async takeOver(this: PresenceService) {
      this.broadcastEnabled = await store.broadcastEnabled();
      if (!this.mayWork()) return;
      if (store.isShared) await this.reconciler.step(config.MAX_CONCURRENT_SYNC);
      else await this.reconciler.full();
    },
    /** Word of dropped sessions may have been lost while the bus was away. */
    busCameBack(this: PresenceService) {
      this.desk.forgetLeases('all');
      tellMissed(this, 'bus');
    },
    tellReaped(this: PresenceService, reaped: Reaped) {
      this.metrics.reaped(reaped);
    },
    tellNodeLost(this: PresenceService) {
      this.metrics.nodeLost();
    },
    tell(this: PresenceService, changes: readonly PresenceChange[]) {
      this.metrics.changed(changes);
      if (!this.broadcastEnabled) return;
      this.tellStatus(changes);
    },
  };
}

/** Started last to first, stopped first to last: the bus is watched and the store is open before and after all others. */
function mixinsOf(store: PresenceStore, config: Config): Partial<ServiceSchema>[] {
  return [
    presenceJobsMixin(config),
    observerMixin(store, config),
    outsideWritesMixin(store, config),
    claimsMixin(store),
    connectionsMixin(config),
    instanceNewsMixin,
    nodeProcessesMixin(store, config),
    livenessMixin(config),
    store.isShared ? peersMixin(store, config) : keeperMixin,
    operatorMixin(config),
    readsMixin(store, config),
    coreLinkMixin(),
    rocketChatAccountMixin,
    tellingMixin(config),
    replicaTalkMixin,
    storeMixin(store),
    busGuardMixin(),
  ];
}

/** The service `presence` (contract 2.1): the schema and its wiring; what it does is in lib/desk/presence-desk.ts. */
export function presenceService({ config, store, clock }: ServiceOptions): ServiceSchema {
  return serviceSchema<PresenceService>({
    name: SERVICE_NAME,
    mixins: mixinsOf(store, config),
    actions: { ...claimActions, ...countActions },
    events,
    methods: methodsOf(store, config),
    created(this: PresenceService) {
      Object.assign(this, { store, role: 'owner', broadcastEnabled: true });
      this.metrics = new PresenceMetrics(this.broker.metrics);
      const parts = createParts({
        config,
        store,
        clock,
        onChanges: (changes) => this.tell(changes),
        onFlush: (flush) => this.metrics.flushed(flush),
        onRepairs: (users) => this.metrics.repaired(users),
        onWritten: (uids) => this.usersWritten(uids),
        tellDropped: (dropped) =>
          this.send(FORGET_LEASES, dropped === 'all' ? [dropped] : [dropped.sessions, dropped.removals]),
        warn: (message, error) => this.logger.warn(message, error),
      });
      Object.assign(this, parts);
    },
    async started(this: PresenceService) {
      this.role = roleOf(config, store);
      this.logger.info(describeRole(this.role, store));
      if (store.isShared) this.broadcastEnabled = await store.broadcastEnabled();
      this.desk.removals.begin(this.clock());
    },
    async stopped(this: PresenceService) {
      await this.desk.stop();
      await this.keptCalls.ended();
    },
  });
}

/** For the loader: the service as the environment says. */
export default function (): ServiceSchema {
  const config = readConfig(process.env);
  return presenceService({ config, store: createStore(config) });
}
