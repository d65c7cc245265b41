import type { Config } from '../config/env';
import { roleOf } from '../replicas/role';
import { EmbeddedStore } from './embedded-store';
import { MongoStore } from './mongo/mongo-store';
import type { PresenceStore } from './port';

const SECOND = 1000;
/** A lease is written again at most once per third of it (design invariant 4). */
const REFRESHES_PER_LEASE = 3;
/** A call that waits for the database must get our answer before its own time-out. */
export const PATIENCE = 0.9;

/** The age below which a lease is not written again, in milliseconds. */
export function refreshAfterMs(config: Pick<Config, 'SESSION_LEASE'>): number {
  return (config.SESSION_LEASE * SECOND) / REFRESHES_PER_LEASE;
}

/** The store the configuration asks for, not yet open: MongoDB where MONGO_URL is set, else the embedded one. */
export function createStore(config: Config): PresenceStore {
  const refresh = refreshAfterMs(config);
  const historyDays = config.HISTORY_RETENTION_DAYS;
  if (!config.MONGO_URL) return new EmbeddedStore({ dataDir: config.DATA_DIR, refreshAfterMs: refresh, historyDays });
  return new MongoStore({
    url: config.MONGO_URL,
    oplogUrl: config.MONGO_OPLOG_URL,
    patienceMs: config.REQUEST_TIMEOUT * SECOND * PATIENCE,
    refreshAfterMs: refresh,
    historyDays,
    makesIndexes: (ownUsers) => roleOf(config, { createsUsers: ownUsers }) === 'owner',
  });
}
