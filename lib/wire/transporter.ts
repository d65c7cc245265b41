import type { BrokerOptions } from 'moleculer';
import { ConfigError, type Config } from '../config/env';

const SECOND = 1000;
/** How long the client waits between two attempts to get back; the jitter keeps the nodes from coming all at once. */
const RECONNECT_WAIT_MS = 500;
const RECONNECT_JITTER_MS = 250;
/** Pings that may stay unanswered; the next one due gives the connection up. */
const MAX_PINGS_OUT = 2;

/**
 * The bus as Moleculer takes it. NATS in the object form, for the client's own defaults see a half-open
 * connection (a netsplit) only after minutes: with a ping every half heartbeat time-out it is given up one
 * to one and a half heartbeat time-outs after the last word, about when the other nodes are taken for lost.
 * `url` is handed on as it is: Moleculer takes servers, user and password out of it. Every other bus stays
 * a string, the scheme in lower case, which is all that Moleculer knows.
 *
 * @throws ConfigError, without the value, which may hold credentials: Moleculer's own error would show it
 */
export function transporterOptions(
  config: Pick<Config, 'TRANSPORTER' | 'HEARTBEAT_TIMEOUT'>,
): BrokerOptions['transporter'] {
  const url = config.TRANSPORTER?.replace(/^\w+:\/\//, (scheme) => scheme.toLowerCase());
  if (!url || !/^(nats|tls):/.test(url)) return url;
  return {
    type: 'NATS',
    options: {
      url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      reconnectJitter: RECONNECT_JITTER_MS,
      pingInterval: (config.HEARTBEAT_TIMEOUT * SECOND) / MAX_PINGS_OUT,
      maxPingOut: MAX_PINGS_OUT,
      ...(asksForTls(url) ? { tls: {} } : {}),
    },
  };
}

/**
 * With nats:// TLS is used where the server offers or demands it; whoever writes tls://, for one of the
 * servers at least, is never connected without it, as in NATS's own clients.
 */
function asksForTls(url: string): boolean {
  return serversOf(url).some(({ protocol }) => protocol === 'tls:');
}

function serversOf(url: string): URL[] {
  try {
    const servers = url.split(',').map((server) => new URL(server));
    if (servers.every(({ host }) => host !== '')) return servers;
  } catch {
    // Said below: the error thrown has the whole text in it.
  }
  throw new ConfigError(['TRANSPORTER: every server of the list must be a URL such as nats://host:4222']);
}
