import type http from 'node:http';
import type { Context, Service, ServiceSchema } from 'moleculer';
import { SERVICE_NAME, STATUS_EVENT } from '../lib/wire/contract';
import type { Config } from '../lib/config/env';
import { ActionSource, StoreSource, type FeedSource } from '../lib/feed/feed-source';
import { FeedWatch } from '../lib/feed/feed-watch';
import { PresenceFeed } from '../lib/feed/presence-feed';
import { Snapshots } from '../lib/feed/snapshots';
import type { Access } from '../lib/http/access';
import type { RateLimit } from '../lib/http/rate-limit';
import { PresenceSocket } from '../lib/socket/presence-socket';
import { SocketMetrics } from '../lib/socket/socket-metrics';
import { argumentsOf, isId } from '../lib/wire/ids';
import { dropsOf } from '../lib/wire/packet-drops';
import { changedIn } from '../lib/wire/status-event';
import type { UserWatch } from '../lib/reads/user-watch';
import type { BesideService, PresenceNeighbour } from './beside-presence.mixin';
import { CHANGED, MISSED, type MissedBecause } from './change-hook';

/** What it asks of the service that has the server. */
interface SocketService extends BesideService {
  readonly server: http.Server;
  readonly access: Access;
  readonly requests: RateLimit;
  feed: PresenceFeed;
  feedWatch: FeedWatch;
  snapshots: Snapshots;
  socketMetrics: SocketMetrics;
  presenceSocket: PresenceSocket | undefined;
  missedTimer: NodeJS.Timeout | undefined;
}

interface WatchedPresence extends PresenceNeighbour {
  readonly userWatch?: UserWatch;
}

const SECOND = 1000;

/** Told among replicas whose stores are embedded: only the one that keeps the state knows of every change. */
export const WRITTEN = 'presence.written';

const events: ServiceSchema['events'] = {
  [CHANGED]: {
    context: true,
    handler(this: SocketService, ctx: Context<readonly string[]>) {
      this.feed.mark(ctx.params);
      if (presenceOf(this).store.isShared) return;
      const sent = this.broker.broadcast(WRITTEN, [ctx.params], { groups: [this.name] });
      sent.catch((error: unknown) => this.logger.warn(`${WRITTEN} could not be sent`, error));
    },
  },
  [WRITTEN]: {
    context: true,
    handler(this: SocketService, ctx: Context) {
      if (ctx.nodeID !== this.broker.nodeID) markHeard(this, ctx, writtenIn(ctx.params));
    },
  },
  /** Of other nodes; what this one has written it knows already. */
  [STATUS_EVENT]: {
    context: true,
    handler(this: SocketService, ctx: Context) {
      if (ctx.nodeID !== this.broker.nodeID) markHeard(this, ctx, changedIn(ctx.params));
    },
  },
};

/** What changes is told to WebSocket clients (docs/WEBSOCKET.md), on the server of the service that has this mixin. */
export function socketMixin(config: Config): Partial<ServiceSchema> {
  return {
    events: {
      ...events,
      [MISSED]: {
        context: true,
        handler(this: SocketService, ctx: Context<MissedBecause>) {
          missed(this, ctx.params, config.HEARTBEAT_TIMEOUT * SECOND);
        },
      },
    },
    methods: {
      /** To be called before the server is closed, which would wait for them. */
      async closeSockets(this: SocketService) {
        clearTimeout(this.missedTimer);
        await this.presenceSocket?.close();
        this.feed.stop();
        this.snapshots.stop();
      },
    },
    created(this: Service) {
      const service = this as SocketService;
      const metrics = (service.socketMetrics = new SocketMetrics(this.broker.metrics));
      const warn = (message: string, error: unknown) => this.logger.warn(message, error);
      service.feed = new PresenceFeed({ source: sourceOf(service), onLag: (ms) => metrics.lag(ms), warn });
      service.feedWatch = new FeedWatch(service.feed);
      const begun = () => (isWatching(service) ? service.feedWatch.begun() : Promise.resolve());
      service.snapshots = new Snapshots(service.feed, begun);
    },
    async started(this: Service) {
      const service = this as SocketService;
      const { access, requests, feed, snapshots, socketMetrics: metrics } = service;
      if (isWatching(service)) presenceOf(service).userWatch?.add(service.feedWatch);
      const warn = (message: string, error: unknown) => this.logger.warn(message, error);
      const limits = {
        maxClients: config.WS_MAX_CLIENTS,
        maxOfCaller: config.WS_MAX_CLIENTS_PER_CALLER,
        maxIdsOfCaller: config.WS_MAX_IDS_PER_CALLER,
        origins: config.CORS_ORIGINS ?? [],
        proxies: config.TRUSTED_PROXIES,
      };
      service.presenceSocket = new PresenceSocket({ access, requests, feed, snapshots, metrics, ...limits, warn });
      service.presenceSocket.attach(service.server);
    },
  };
}

/** Any node may send one; empty for what is no list of ids. */
function writtenIn(payload: unknown): string[] {
  const [uids] = argumentsOf(payload);
  return Array.isArray(uids) && uids.every(isId) ? uids : [];
}

/** @param uids none where the event could not be read */
function markHeard({ feed, broker }: SocketService, { nodeID }: Context, uids: readonly string[]): void {
  if (uids.length > 0) feed.mark(uids);
  else dropsOf(broker).add('content', nodeID);
}

const presenceOf = (service: SocketService) => service.presence() as WatchedPresence;

/** Whether the store tells of changes, whoever has made them. */
function isWatching(service: SocketService): boolean {
  return presenceOf(service).userWatch !== undefined;
}

/** Fresh reads: of the store where it is this node's to read, else where the state is kept. */
function sourceOf(service: SocketService): FeedSource {
  let ofStore: StoreSource | undefined;
  const elsewhere = new ActionSource((action, params) => service.broker.call(`${SERVICE_NAME}.${action}`, params));
  const source = () => {
    const presence = presenceOf(service);
    ofStore ??= new StoreSource(presence.store);
    return presence.store.isShared || presence.isLeader() ? ofStore : elsewhere;
  };
  return {
    read: async (uids) => source().read(uids),
    present: async (after, limit) => source().present(after, limit),
  };
}

function missed(service: SocketService, because: MissedBecause, patienceMs: number): void {
  // What the store tells of it tells whether or not there is a bus.
  if (isWatching(service) && service.feedWatch.isLive) return;
  service.feed.lost();
  if (because !== 'bus') return;
  // Nodes that took this one for lost send it nothing until they have heard of it again.
  clearTimeout(service.missedTimer);
  service.missedTimer = setTimeout(() => service.feed.lost(), patienceMs).unref();
}
