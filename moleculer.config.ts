import type { BrokerOptions, LogLevels } from 'moleculer';
import type { Config } from './lib/config/env';
import { readConfig } from './lib/config/env';
import { drainMiddleware } from './lib/http/drain';
import { listenFirstMiddleware } from './lib/http/listen-first';
import { metricsEndpoint } from './lib/http/metrics-endpoint';
import { loggerOptions } from './lib/logging';
import { PrometheusReporter } from './lib/prometheus-reporter';
import { ErrorWire } from './lib/wire/error-wire';
import { REPL_COMMANDS } from './lib/repl/commands';
import { announceMiddleware } from './lib/replicas/announce';
import { lateCallsMiddleware } from './lib/replicas/late-calls';
import { farewellMiddleware } from './lib/replicas/farewells';
import { hearingMiddleware } from './lib/replicas/nodes';
import { storeDeadlineMiddleware } from './lib/replicas/store-deadline';
import { internalServices } from './lib/wire/internal-services';
import { packetGuard } from './lib/wire/packet-guard';
import { packetParts, PARTS_METADATA } from './lib/wire/packet-parts';
import { EjsonSerializer } from './lib/wire/serializer';
import { transporterOptions } from './lib/wire/transporter';

const SECOND = 1000;
/** As every Rocket.Chat node has it (contract 1.2). */
const MAX_CALL_LEVEL = 100;
/** How long a stopping node waits for the calls it has accepted. */
const SHUTDOWN_TIMEOUT_MS = 10 * SECOND;

/**
 * All options of the broker, from the configuration alone (contract 1.2). What a Moleculer user would
 * look for is here: transporter, serializer, time-outs, retries, bulkhead, balancing, metrics, logging.
 */
export function brokerOptions(config: Config): BrokerOptions {
  return {
    namespace: config.MS_NAMESPACE,
    nodeID: config.INSTANCE_ID,
    transporter: transporterOptions(config),
    serializer: config.SERIALIZER === 'EJSON' ? new EjsonSerializer() : config.SERIALIZER,
    errorRegenerator: new ErrorWire(),
    ...timing(config),
    retryPolicy: {
      enabled: config.RETRY_ENABLED,
      retries: config.RETRY_RETRIES,
      delay: config.RETRY_DELAY,
      maxDelay: config.RETRY_MAX_DELAY,
      factor: config.RETRY_FACTOR,
      check: (error: Error & { retryable?: boolean }) => error.retryable === true,
    },
    bulkhead: {
      enabled: config.BULKHEAD_ENABLED,
      concurrency: config.BULKHEAD_CONCURRENCY,
      maxQueueSize: config.BULKHEAD_MAX_QUEUE_SIZE,
    },
    registry: { strategy: config.BALANCE_STRATEGY, preferLocal: config.BALANCE_PREFER_LOCAL },
    metrics: {
      enabled: config.MS_METRICS,
      // Moleculer takes a reporter's object too; its types do not say so.
      reporter: [new PrometheusReporter({}) as never],
    },
    middlewares: middlewares(config),
    internalServices: internalServices(),
    metadata: { ...PARTS_METADATA },
    replCommands: [...REPL_COMMANDS],
    logger: loggerOptions(process.stdout.isTTY),
    logLevel: logLevels(config.LOG_LEVEL),
    skipProcessEventRegistration: config.SKIP_PROCESS_EVENT_REGISTRATION,
  };
}

/** The last one is the first to see a packet. */
function middlewares(config: Config): BrokerOptions['middlewares'] {
  return [
    metricsEndpoint(config),
    drainMiddleware(),
    listenFirstMiddleware(),
    hearingMiddleware(),
    announceMiddleware(),
    lateCallsMiddleware(),
    storeDeadlineMiddleware(),
    farewellMiddleware(),
    packetGuard(),
    packetParts(),
  ];
}

function timing(config: Config): BrokerOptions {
  return {
    requestTimeout: config.REQUEST_TIMEOUT * SECOND,
    heartbeatInterval: config.HEARTBEAT_INTERVAL,
    heartbeatTimeout: config.HEARTBEAT_TIMEOUT,
    maxCallLevel: MAX_CALL_LEVEL,
    tracking: { enabled: true, shutdownTimeout: SHUTDOWN_TIMEOUT_MS },
  };
}

const OWN_SERVICES = ['PRESENCE', 'HISTORY', 'CALLBACKS', 'API', 'ROCKETCHAT', 'HEALTH'];

/** The broker's own chatter is worth reading only when it warns, or when somebody debugs. */
function logLevels(level: Config['LOG_LEVEL']): LogLevels | Record<string, LogLevels> {
  if (level !== 'info') return level;
  return { ...Object.fromEntries(OWN_SERVICES.map((name) => [name, 'info' as const])), '**': 'warn' };
}

/** For Moleculer's own runner. */
export default (): BrokerOptions => brokerOptions(readConfig(process.env));
