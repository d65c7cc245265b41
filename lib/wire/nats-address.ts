import { ConfigError } from '../config/env';

/** What a TRANSPORTER of NATS says, as NATS's client takes it. */
export interface NatsAddress {
  /** `host:port`, without credentials: may be logged. */
  readonly servers: readonly string[];
  /** Whether no server may be used without TLS. */
  readonly tls: boolean;
  /** Secret: never logged. */
  readonly credentials: NatsCredentials;
}

export interface NatsCredentials {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

const DEFAULT_PORT = '4222';

/** Whether a TRANSPORTER is one of NATS. */
export function isNats(transporter: string): boolean {
  return /^(nats|tls):/i.test(transporter);
}

/**
 * Reads `nats://user:password@host:4222`, `nats://token@host` and lists of them. User, password and token are percent-decoded, as NATS's own
 * clients do. One `tls://` demands TLS of all servers; with `nats://` TLS is used where the server offers it.
 *
 * @throws ConfigError without the value, which may hold credentials
 */
export function natsAddress(transporter: string): NatsAddress {
  const urls = transporter.split(',').map(urlOf);
  const given = urls.map(credentialsOf).filter((one) => Object.keys(one).length > 0);
  if (new Set(given.map((one) => JSON.stringify(one))).size > 1) {
    throw new ConfigError(['TRANSPORTER: the servers of the list must have the same user, password or token']);
  }
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || DEFAULT_PORT}`),
    tls: urls.some(({ protocol }) => protocol === 'tls:'),
    credentials: given[0] ?? {},
  };
}

function urlOf(server: string): URL {
  try {
    const url = new URL(server.trim());
    const isServer = isNats(url.href) && url.hostname !== '' && ['', '/'].includes(url.pathname);
    if (isServer && url.search === '' && url.hash === '') return url;
  } catch {
    // Said below: the error thrown has the whole text in it.
  }
  throw new ConfigError([
    'TRANSPORTER: every server of the list must be a URL such as nats://host:4222; in a user, a password or a token / ? # , and % are percent-encoded',
  ]);
}

/** A name without a password is a token. */
function credentialsOf({ username, password }: URL): NatsCredentials {
  if (password !== '') return { user: decoded(username), pass: decoded(password) };
  return username === '' ? {} : { token: decoded(username) };
}

/** A % that begins no code stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
