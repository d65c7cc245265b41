import type { BrokerOptions } from 'moleculer';
import type { Config } from '../config/env';
import { isNats, natsAddress } from './nats-address';
import { NatsTransporter } from './nats-transporter';

const SECOND = 1000;
/** How long the client waits between two attempts to get back; the jitter keeps the nodes from coming all at once. */
const RECONNECT_WAIT_MS = 500;
const RECONNECT_JITTER_MS = 250;
/** A server that says nothing at all. */
const CONNECT_WITHIN_MS = 5000;
/** Pings that may stay unanswered; the next one due gives the connection up. */
const MAX_PINGS_OUT = 2;

/**
 * The bus as Moleculer takes it. NATS by a transporter of our own, for the client's own defaults see a half-open
 * connection (a netsplit) only after minutes: with a ping every half heartbeat time-out it is given up one
 * to one and a half heartbeat time-outs after the last word, about when the other nodes are taken for lost.
 * Every other bus stays a string, the scheme in lower case, which is all that Moleculer knows.
 *
 * @throws ConfigError, without the value, which may hold credentials: Moleculer's own error would show it
 */
export function transporterOptions(
  config: Pick<Config, 'TRANSPORTER' | 'HEARTBEAT_TIMEOUT'>,
): BrokerOptions['transporter'] {
  const { TRANSPORTER: given } = config;
  if (!given || !isNats(given)) return given?.replace(/^\w+:\/\//, (scheme) => scheme.toLowerCase());
  const { servers, tls, credentials } = natsAddress(given);
  return new NatsTransporter({
    ...credentials,
    servers: [...servers],
    ...(tls ? { tls: {} } : {}),
    timeout: CONNECT_WITHIN_MS,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: (config.HEARTBEAT_TIMEOUT * SECOND) / MAX_PINGS_OUT,
    maxPingOut: MAX_PINGS_OUT,
  });
}
