import type { Service, ServiceSchema } from 'moleculer';
import { actionsOf } from '../lib/wire/action';
import { read } from '../lib/wire/contract';
import type { Config } from '../lib/config/env';
import type { PresenceMetrics } from '../lib/metrics';
import { installationOf, RedisUsers } from '../lib/reads/redis-users';
import { PresenceReads } from '../lib/reads/presence-reads';
import type { PresenceStore, UserListener } from '../lib/store/port';
import { UserCache } from '../lib/reads/user-cache';
import { UserWatch } from '../lib/reads/user-watch';
import { tellChanged } from './change-hook';
import type { ReplicaService } from './replica-service';

interface ReadService extends ReplicaService {
  readonly clock: () => number;
  readonly metrics: PresenceMetrics;
  reads: PresenceReads;
  /** Absent where the store is as fast. */
  userCache: UserCache | undefined;
  /** Who wants to hear of changes in the store; absent where it tells of none. */
  userWatch: UserWatch | undefined;
  /** Users whose stored presence this node has written. */
  usersWritten(uids: readonly string[]): void;
}

const SECOND = 1000;
/** Some 100 MB when full. */
const MAX_CACHED = 200_000;

const action = actionsOf<ReadService>();

const actions = {
  /** One user's presence; `status: 'unknown'` with a reason where it cannot be known. */
  get: action('get', read.uid, async function ({ uid }) {
    return (await this.reads.many([uid]))[0]!;
  }),
  /** The same of up to 1,000 users, in the order asked for. */
  getMany: action('getMany', read.uids, function ({ uids }) {
    return this.reads.many(uids);
  }),
  /** Users by status, role and time of the last change, a page at a time. */
  list: action('list', read.list, function (page) {
    return this.reads.page(page);
  }),
  /** How many users are shown with each status, how many sessions each instance has, and the counts of connections. */
  stats: action('stats', read.nothing, function () {
    return this.reads.stats(this.clock());
  }),
};

/** What anybody may read of presence. */
export function readsMixin(store: PresenceStore, config: Config): Partial<ServiceSchema> {
  let stopWatching: (() => Promise<void>) | undefined;
  let redis: RedisUsers | undefined;
  return {
    actions,
    methods: {
      usersWritten(this: ReadService, uids: readonly string[]) {
        this.userCache?.forget(uids);
        // Also what shows nothing new: a view has more in it than what is shown.
        tellChanged(this, uids);
      },
    },
    created(this: Service) {
      const service = this as ReadService;
      const ttlMs = config.CACHE_TTL * SECOND;
      if (store.userChanges) {
        redis = redisUsers(service, config, store);
        const onRead = (known: number, missing: number) => service.metrics.read(known, missing);
        const options = { store, shared: redis, ttlMs, maxUsers: MAX_CACHED, clock: () => performance.now(), onRead };
        service.userCache = new UserCache(options);
        service.userWatch = new UserWatch();
        service.userWatch.add(cacheListener(service.userCache));
      }
      service.reads = new PresenceReads(store, service.userCache);
    },
    async started(this: Service) {
      redis?.start();
      const service = this as ReadService;
      if (service.userWatch) stopWatching = store.userChanges?.watch(service.userWatch);
    },
    async stopped(this: Service) {
      await stopWatching?.();
      await redis?.stop();
    },
  };
}

/** What replicas share in Redis, if the configuration names one. */
function redisUsers(service: Service, config: Config, store: PresenceStore): RedisUsers | undefined {
  if (!config.CACHE) return undefined;
  return new RedisUsers({
    url: config.CACHE,
    name: installationOf(config.MONGO_URL ?? ''),
    store,
    ttlMs: config.CACHE_TTL * SECOND,
    onState: (isThere, reason) =>
      isThere
        ? service.logger.info('the cache in Redis is there')
        : service.logger.warn(`the cache in Redis is away (${reason}): reads go to the database until it is back`),
  });
}

/** Lets the cache know of changes. */
function cacheListener(userCache: UserCache): UserListener {
  return {
    isWanted: () => userCache.isInUse,
    changed: (uid) => userCache.forget([uid]),
    current: (atMs) => userCache.confirm(atMs),
    lost: () => userCache.forget('all'),
  };
}
