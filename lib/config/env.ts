import { customCleanEnv, EnvMissingError } from 'envalid';
import * as kind from './env-kinds';
import type { ApiToken } from '../http/tokens';

/** Every variable the node reads. The only place that looks at the environment (docs/CONFIGURATION.md, kept the same by a test). */
export interface Config {
  readonly PORT: number;
  readonly HOST: string;
  readonly HEALTH_CHECK_PORT: number;
  /** Moleculer's nodeID; absent: made of host name and process id. */
  readonly INSTANCE_ID: string | undefined;
  readonly LOG_LEVEL: 'debug' | 'info' | 'warn' | 'error';
  readonly DATA_DIR: string;
  /** Absent: the embedded store. Holds credentials: never logged. */
  readonly MONGO_URL: string | undefined;
  /** Absent: changes are heard of from a change stream. Holds credentials: never logged. */
  readonly MONGO_OPLOG_URL: string | undefined;
  /** Absent: decided by what is set and whose the database is. */
  readonly PRESENCE_ROLE: 'owner' | 'observer' | undefined;
  /** Absent: no bus. May hold credentials: never logged. */
  readonly TRANSPORTER: string | undefined;
  readonly MS_NAMESPACE: string;
  readonly SERIALIZER: string;
  /** Seconds, as in Rocket.Chat (contract 1.2). */
  readonly REQUEST_TIMEOUT: number;
  readonly HEARTBEAT_INTERVAL: number;
  readonly HEARTBEAT_TIMEOUT: number;
  readonly RETRY_ENABLED: boolean;
  readonly RETRY_RETRIES: number;
  /** Milliseconds. */
  readonly RETRY_DELAY: number;
  readonly RETRY_MAX_DELAY: number;
  readonly RETRY_FACTOR: number;
  readonly BULKHEAD_ENABLED: boolean;
  readonly BULKHEAD_CONCURRENCY: number;
  readonly BULKHEAD_MAX_QUEUE_SIZE: number;
  readonly BALANCE_STRATEGY: string;
  readonly BALANCE_PREFER_LOCAL: boolean;
  readonly MS_METRICS: boolean;
  readonly MS_METRICS_PORT: number;
  readonly SKIP_PROCESS_EVENT_REGISTRATION: boolean;
  /** Redis; absent: each replica's own memory. May hold credentials: never logged. */
  readonly CACHE: string | undefined;
  /** Seconds. */
  readonly CACHE_TTL: number;
  /** Milliseconds. */
  readonly SYNC_INTERVAL: number;
  readonly MAX_CONCURRENT_SYNC: number;
  /** Seconds a session lives without a heartbeat. */
  readonly SESSION_LEASE: number;
  /** Seconds from the loss of a node to the dropping of its sessions. */
  readonly NODE_LOSS_GRACE: number;
  /** How long changes of presence are kept; 0: not at all. */
  readonly HISTORY_RETENTION_DAYS: number;
  /** Whether callbacks may go to private networks and this machine, and by plain http. */
  readonly CALLBACKS_ALLOW_PRIVATE: boolean;
  /** Calls that may wait in this node before the next one is answered BUSY. */
  readonly MAX_QUEUED_CALLS: number;
  /** Who may use the HTTP API. Secret: never logged. */
  readonly API_TOKENS: readonly ApiToken[] | undefined;
  /** Rocket.Chat, whose users may use the HTTP API. */
  readonly ROCKETCHAT_URL: string | undefined;
  /** The account by which this node uses Rocket.Chat's REST API; absent: it does not. */
  readonly ROCKETCHAT_USERNAME: string | undefined;
  /** Never logged. */
  readonly ROCKETCHAT_PASSWORD: string | undefined;
  /** By which way presence comes here from Rocket.Chat and goes there; absent: by the bus where there is one. */
  readonly ROCKETCHAT_SYNC: 'rest' | 'bus' | undefined;
  /** Origins of web pages that may use the HTTP API from a browser; `*` stands for every one. */
  readonly CORS_ORIGINS: readonly string[] | undefined;
  /** WebSocket clients of one node. */
  readonly WS_MAX_CLIENTS: number;
  /** Of them those of one caller; 0: not limited. */
  readonly WS_MAX_CLIENTS_PER_CALLER: number;
  /** Ids in all WebSocket subscriptions of one caller; 0: not limited. */
  readonly WS_MAX_IDS_PER_CALLER: number;
  /** Bytes, or a text such as `1mb`. */
  readonly API_MAX_BODY: string;
  /** Requests per minute and caller; 0: not limited. */
  readonly API_RATE_LIMIT: number;
  /** Failed authentications per minute and address; 0: not limited. */
  readonly API_AUTH_FAILURES: number;
  /** How many proxies stand before the node and add to X-Forwarded-For. */
  readonly TRUSTED_PROXIES: number;
  /** Whether /metrics is for everybody. */
  readonly METRICS_OPEN: boolean;
  /** How long a stopping node that was asked lately still answers, in seconds. */
  readonly DRAIN_TIME: number;
}

/** All faults of the environment at once; the message has one line a fault and never a value. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(['The configuration cannot be used:', ...faults.map((fault) => `  ${fault}`)].join('\n'));
    this.name = 'ConfigError';
  }
}

const SPECS = {
  PORT: kind.port({ default: 3005 }),
  HOST: kind.text({ default: '127.0.0.1' }),
  HEALTH_CHECK_PORT: kind.port({ default: undefined }),
  INSTANCE_ID: kind.name({ default: undefined }),
  LOG_LEVEL: kind.level({ default: 'info' }),
  DATA_DIR: kind.text({ default: './data' }),
  MONGO_URL: kind.mongoUrl({ default: undefined }),
  MONGO_OPLOG_URL: kind.mongoUrl({ default: undefined }),
  PRESENCE_ROLE: kind.role({ default: undefined }),
  TRANSPORTER: kind.transporter({ default: undefined }),
  MS_NAMESPACE: kind.text({ default: '' }),
  SERIALIZER: kind.serializer({ default: 'EJSON' }),
  REQUEST_TIMEOUT: kind.seconds({ default: 60 }),
  HEARTBEAT_INTERVAL: kind.seconds({ default: 10 }),
  HEARTBEAT_TIMEOUT: kind.seconds({ default: 30 }),
  RETRY_ENABLED: kind.onlyTrue({ default: false }),
  RETRY_RETRIES: kind.count({ default: 5 }),
  RETRY_DELAY: kind.milliseconds({ default: 100 }),
  RETRY_MAX_DELAY: kind.milliseconds({ default: 1000 }),
  RETRY_FACTOR: kind.factor({ default: 2 }),
  BULKHEAD_ENABLED: kind.boolean({ default: false }),
  BULKHEAD_CONCURRENCY: kind.count({ default: 10 }),
  BULKHEAD_MAX_QUEUE_SIZE: kind.count({ default: 10_000 }),
  BALANCE_STRATEGY: kind.strategy({ default: 'RoundRobin' }),
  BALANCE_PREFER_LOCAL: kind.allButFalse({ default: true }),
  MS_METRICS: kind.boolean({ default: false }),
  MS_METRICS_PORT: kind.port({ default: 9458 }),
  DRAIN_TIME: kind.whole('seconds', 0, 600)({ default: 5 }),
  SKIP_PROCESS_EVENT_REGISTRATION: kind.boolean({ default: false }),
  CACHE: kind.redis({ default: undefined }),
  CACHE_TTL: kind.seconds({ default: 300 }),
  SYNC_INTERVAL: kind.milliseconds({ default: 5000 }),
  MAX_CONCURRENT_SYNC: kind.count({ default: 10 }),
  SESSION_LEASE: kind.seconds({ default: 150 }),
  NODE_LOSS_GRACE: kind.whole('seconds', 0, 86_400)({ default: 2 }),
  HISTORY_RETENTION_DAYS: kind.whole('days', 0, 3650)({ default: 30 }),
  CALLBACKS_ALLOW_PRIVATE: kind.boolean({ default: false }),
  MAX_QUEUED_CALLS: kind.count({ default: 20_000 }),
  API_TOKENS: kind.tokens({ default: undefined }),
  ROCKETCHAT_URL: kind.httpUrl({ default: undefined }),
  ROCKETCHAT_USERNAME: kind.name({ default: undefined }),
  ROCKETCHAT_PASSWORD: kind.text({ default: undefined }),
  ROCKETCHAT_SYNC: kind.carrier({ default: undefined }),
  CORS_ORIGINS: kind.origins({ default: undefined }),
  WS_MAX_CLIENTS: kind.count({ default: 10_000 }),
  WS_MAX_CLIENTS_PER_CALLER: kind.whole('clients', 0, 10_000_000)({ default: 1000 }),
  WS_MAX_IDS_PER_CALLER: kind.whole('ids', 0, 1_000_000_000)({ default: 100_000 }),
  API_MAX_BODY: kind.size({ default: '1mb' }),
  API_RATE_LIMIT: kind.whole('requests per minute', 0, 10_000_000)({ default: 6000 }),
  API_AUTH_FAILURES: kind.whole('failures per minute', 0, 10_000_000)({ default: 60 }),
  TRUSTED_PROXIES: kind.whole('proxies', 0, 10)({ default: 0 }),
  METRICS_OPEN: kind.boolean({ default: false }),
};

/** The names and defaults, for the document and its test. */
export const CONFIG_DEFAULTS: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(SPECS).map(([key, spec]) => [key, spec.default]),
);

/**
 * Reads and checks the environment. An empty variable counts as absent, as compose files write it.
 *
 * @returns frozen
 * @throws ConfigError naming every fault
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const faults: string[] = [];
  const cleaned = customCleanEnv(given, SPECS, (values) => values, {
    reporter: ({ errors }) => {
      for (const [key, error] of Object.entries(errors)) {
        faults.push(`${key}: ${error instanceof EnvMissingError ? 'is missing' : error.message}`);
      }
    },
  });
  const config: Config = { ...cleaned, HEALTH_CHECK_PORT: cleaned.HEALTH_CHECK_PORT ?? cleaned.PORT };
  if (faults.length === 0) faults.push(...impossible(config));
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config);
}

/** Variables of which Rocket.Chat's own nodes take any value, and as what they take one that is neither true nor false. */
const TAKEN_AS = { RETRY_ENABLED: 'false', BALANCE_PREFER_LOCAL: 'true' } as const;

/** What is understood, but perhaps not as it was meant; one line each, without values of other variables. */
export function configWarnings(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(TAKEN_AS).flatMap(([name, taken]) => {
    const value = env[name] ?? '';
    if (['', 'true', 'false'].includes(value)) return [];
    return [`${name} is neither true nor false: it counts as ${taken}, as in Rocket.Chat's own nodes`];
  });
}

/** Combinations that cannot work. */
function impossible(config: Config): string[] {
  const faults: string[] = [];
  if (config.HEARTBEAT_TIMEOUT <= config.HEARTBEAT_INTERVAL) {
    faults.push('HEARTBEAT_TIMEOUT: must be more than HEARTBEAT_INTERVAL, or every node is lost between two beats');
  }
  if (config.RETRY_MAX_DELAY < config.RETRY_DELAY) faults.push('RETRY_MAX_DELAY: must not be less than RETRY_DELAY');
  if (config.MS_METRICS && [config.PORT, config.HEALTH_CHECK_PORT].includes(config.MS_METRICS_PORT)) {
    faults.push('MS_METRICS_PORT: must differ from PORT and HEALTH_CHECK_PORT');
  }
  const account = [config.ROCKETCHAT_USERNAME, config.ROCKETCHAT_PASSWORD];
  if (account.some((one) => one !== undefined) && [...account, config.ROCKETCHAT_URL].includes(undefined)) {
    faults.push('ROCKETCHAT_USERNAME: needs ROCKETCHAT_PASSWORD and ROCKETCHAT_URL, and they need it');
  }
  return [...faults, ...withoutEffect(config)];
}

/** What does nothing without another variable: whoever sets it means something that will not happen. */
function withoutEffect(config: Config): string[] {
  const { MONGO_URL, MONGO_OPLOG_URL, CACHE, PRESENCE_ROLE, ROCKETCHAT_SYNC, TRANSPORTER } = config;
  const hasAccount = config.ROCKETCHAT_USERNAME !== undefined;
  const faults: string[] = [];
  if (MONGO_OPLOG_URL && !MONGO_URL) faults.push('MONGO_OPLOG_URL: has no effect without MONGO_URL');
  if (CACHE && !MONGO_URL) faults.push('CACHE: has no effect without MONGO_URL');
  if (PRESENCE_ROLE === 'observer' && !MONGO_URL && !hasAccount) {
    faults.push('PRESENCE_ROLE: observer needs MONGO_URL or ROCKETCHAT_USERNAME, or there is nobody to observe');
  }
  if (ROCKETCHAT_SYNC === 'bus' && !TRANSPORTER && !hasAccount) {
    faults.push('ROCKETCHAT_SYNC: bus has no effect without TRANSPORTER or ROCKETCHAT_USERNAME');
  }
  return faults;
}
