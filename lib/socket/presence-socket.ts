import { once } from 'node:events';
import type http from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { limitKeyOf, type Access, type Caller } from '../http/access';
import { addressOf } from '../http/address';
import type { RateLimit } from '../http/rate-limit';
import type { FeedChange } from '../feed/change-ring';
import type { PresenceFeed } from '../feed/presence-feed';
import type { Snapshots } from '../feed/snapshots';
import { Audience } from './audience';
import { ClientQuotas, type ClientQuota, type QuotaOptions } from './client-quotas';
import { admit } from './admission';
import { SocketClient, type ClientLimits } from './socket-client';
import { CLOSE, SocketError, type SocketRefusal } from './socket-errors';
import type { SocketMetrics } from './socket-metrics';
import { FRAME_CHANGES, type Told } from './subscription';
import { Unauthenticated } from './unauthenticated';
import { refuseUpgrade, stopping } from './upgrade-refusal';
import { SocketWire } from './wire';

export interface SocketOptions extends QuotaOptions {
  readonly access: Access;
  readonly feed: PresenceFeed;
  readonly snapshots: Pick<Snapshots, 'page'>;
  readonly metrics: SocketMetrics;
  /** Origins of browsers let in besides the node's own; `*` is any. */
  readonly origins: readonly string[];
  /** Requests by caller, of which a connection is one, and a subscription. */
  readonly requests: Pick<RateLimit, 'count'>;
  /** Proxies before this node, each of which adds the address it sees to X-Forwarded-For. */
  readonly proxies: number;
  readonly warn?: (message: string, error: unknown) => void;
}

/** Holds as many of Rocket.Chat's ids as one subscription may have. */
export const MAX_FRAME_BYTES = 256 * 1024;
/** Of one message; libraries make none of less than some kilobytes, and each takes more memory than its bytes. */
const MAX_FRAGMENTS = 1_024;
const PING_EVERY_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
/** A token may have been revoked since. */
const RECHECK_EVERY_MS = 60_000;
/** Of one look: whoever is asked about them is not to be flooded. Of more than 1,200 clients each one's turn comes later. */
const RECHECKS_OF_A_LOOK = 20;
const CLOSES_WITHIN_MS = 1_000;

/** ws knows `closeTimeout`; its types do not yet. */
const SERVER_OPTIONS: ServerOptions & { readonly closeTimeout: number } = {
  noServer: true,
  maxPayload: MAX_FRAME_BYTES,
  maxFragments: MAX_FRAGMENTS,
  perMessageDeflate: false,
  closeTimeout: CLOSES_WITHIN_MS,
  clientTracking: false,
};

interface Connection {
  readonly socket: WebSocket;
  client?: SocketClient;
  /** From then on that it is authenticated. */
  quota?: ClientQuota;
  pingAtMs: number;
  recheckAtMs: number;
  /** It has answered the last ping. */
  isAlive: boolean;
}

/** Serves the feed to WebSocket clients on an HTTP server (docs/WEBSOCKET.md). */
export class PresenceSocket {
  private readonly wss = new WebSocketServer(SERVER_OPTIONS);
  private readonly connections = new Set<Connection>();
  private readonly unauthenticated = new Unauthenticated<Connection>();
  private readonly quotas: ClientQuotas;
  private readonly told: Told;
  private unsubscribe: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosing = false;

  constructor(private readonly options: SocketOptions) {
    const { feed, snapshots, metrics } = options;
    this.told = { feed, snapshots, metrics, audience: new Audience() };
    this.quotas = new ClientQuotas(options);
  }

  /** Clients that are authenticated. */
  get size(): number {
    return this.quotas.size;
  }

  attach(server: http.Server): void {
    server.on('upgrade', (req, stream, head) => void this.upgrade(req, stream, head));
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /** Sends all clients away; those that do not go are cut off. */
  async close(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.timer);
    const all = [...this.connections];
    const gone = all.map(({ socket }) => once(socket, 'close'));
    for (const { client } of all) client?.close(CLOSE.stopping);
    const cut = setTimeout(() => all.forEach(({ socket }) => socket.terminate()), CLOSES_WITHIN_MS);
    await Promise.all(gone);
    clearTimeout(cut);
    this.unsubscribe?.();
  }

  private async upgrade(req: http.IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const ignore = () => undefined;
    stream.on('error', ignore);
    try {
      if (this.isClosing) throw stopping();
      const caller = await admit(req, this.options);
      if (stream.destroyed) return;
      stream.removeListener('error', ignore);
      this.wss.handleUpgrade(req, stream, head, (socket) => this.welcome(socket, stream, req, caller));
    } catch (error) {
      const { code } = refuseUpgrade(req, stream, error, this.options.proxies);
      if (code === 'INTERNAL') this.options.warn?.('a WebSocket could not be opened', error);
    }
  }

  private welcome(socket: WebSocket, stream: Duplex, req: http.IncomingMessage, caller: Caller | undefined): void {
    socket.on('error', () => undefined); // a bad frame of the protocol itself: ws closes the connection
    if (this.isClosing) return socket.close(CLOSE.stopping.code, CLOSE.stopping.reason);
    const nowMs = performance.now();
    const times = { pingAtMs: nowMs + PING_EVERY_MS, recheckAtMs: nowMs + RECHECK_EVERY_MS };
    const connection: Connection = { socket, ...times, isAlive: true };
    socket.once('close', () => this.left(connection));
    this.connections.add(connection);
    const address = addressOf(req, this.options.proxies);
    if (!caller) this.unauthenticated.add(connection, address)?.client?.close(CLOSE.crowded);
    const client = (connection.client = this.clientOf(connection, new SocketWire(socket, stream), req, caller));
    socket.on('message', (data, isBinary) => client.receive(data as Buffer, isBinary));
    socket.on('ping', () => client.heed());
    socket.on('pong', () => {
      connection.isAlive = true;
      client.heed();
    });
  }

  private clientOf(connection: Connection, wire: SocketWire, req: http.IncomingMessage, caller: Caller | undefined) {
    const { access, proxies, warn } = this.options;
    const address = addressOf(req, proxies);
    const { authorization, 'x-user-id': uid, 'x-auth-token': token } = req.headers;
    return new SocketClient(wire, {
      told: this.told,
      caller,
      ofToken: (given) => access.ofToken(given, address),
      again: (given) =>
        given === undefined
          ? access.callerOf({ authorization, 'x-user-id': uid, 'x-auth-token': token })
          : access.ofToken(given),
      enter: (one) => this.enter(connection, one),
      ended: () => this.leave(connection),
      warn,
    });
  }

  /** A connection is authenticated: it counts as its caller's. */
  private enter(connection: Connection, caller: Caller): ClientLimits | SocketRefusal {
    const key = limitKeyOf(caller);
    const error = this.overRate(key);
    if (error) return { error, close: CLOSE.rateLimited };
    const quota = this.quotas.acquire(key);
    if (typeof quota === 'string') return { close: CLOSE[quota] };
    this.unauthenticated.delete(connection);
    connection.quota = quota;
    this.counted();
    return {
      subscribe: (ids) => {
        const overRate = this.overRate(key);
        if (overRate) throw overRate;
        if (quota.holdIds(ids)) return;
        const most = this.options.maxIdsOfCaller;
        throw new SocketError('TOO_MANY_IDS', `uids: at most ${most} in all of a caller’s subscriptions`);
      },
      unsubscribe: () => void quota.holdIds(0),
    };
  }

  /** Connections and subscriptions are requests of their caller. */
  private overRate(key: string): SocketError | undefined {
    const standing = this.options.requests.count(key);
    return standing?.isOver
      ? new SocketError('RATE_LIMITED', `too many requests; again in ${standing.resetS} s`)
      : undefined;
  }

  /** It counts no more from the moment it is sent away, however long it takes to go. */
  private leave(connection: Connection): void {
    this.unauthenticated.delete(connection);
    connection.quota?.release();
    this.counted();
  }

  private left(connection: Connection): void {
    this.connections.delete(connection);
    connection.client?.end();
  }

  /** The feed is listened to while there is anybody to tell. */
  private counted(): void {
    this.options.metrics.clients(this.size);
    if (this.size === 0) {
      this.unsubscribe?.();
      this.unsubscribe = undefined;
      return;
    }
    const changed = (changes: readonly FeedChange[]) => this.changed(changes);
    this.unsubscribe ??= this.options.feed.subscribe({ changed, lost: () => this.lost() });
  }

  private changed(changes: readonly FeedChange[]): void {
    const { audience, feed } = this.told;
    for (let from = 0; from < changes.length; from += FRAME_CHANGES) {
      audience.tell(changes.slice(from, from + FRAME_CHANGES), feed.epoch);
    }
  }

  private lost(): void {
    for (const { client } of this.connections) client?.lost();
  }

  /** Pings who has been silent, and cuts off who did not answer. */
  private look(): void {
    const nowMs = performance.now();
    this.recheck(nowMs);
    for (const connection of this.connections) {
      if (connection.pingAtMs > nowMs) continue;
      if (!connection.isAlive) {
        connection.socket.terminate();
        continue;
      }
      [connection.isAlive, connection.pingAtMs] = [false, nowMs + PING_EVERY_MS];
      connection.socket.ping();
    }
  }

  private recheck(nowMs: number): void {
    let left = RECHECKS_OF_A_LOOK;
    for (const connection of this.connections) {
      if (connection.recheckAtMs > nowMs) continue;
      if (left-- === 0) return;
      connection.recheckAtMs = nowMs + RECHECK_EVERY_MS;
      void connection.client?.recheck();
    }
  }
}
