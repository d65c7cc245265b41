import type http from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Access, Caller } from '../http/access';
import { addressOf } from '../http/address';
import { endConnection } from '../http/last-answer';
import type { RateLimit } from '../http/rate-limit';
import { PresenceError } from '../wire/errors';
import type { FeedChange } from '../feed/change-ring';
import type { PresenceFeed } from '../feed/presence-feed';
import type { Snapshots } from '../feed/snapshots';
import { Audience } from './audience';
import { isOriginAllowed } from './origin';
import { SocketClient } from './socket-client';
import { CLOSE } from './socket-errors';
import type { SocketMetrics } from './socket-metrics';
import { FRAME_CHANGES, type Told } from './subscription';
import { wireOf } from './wire';

export interface SocketOptions {
  readonly access: Access;
  readonly feed: PresenceFeed;
  readonly snapshots: Pick<Snapshots, 'page'>;
  readonly metrics: SocketMetrics;
  readonly maxClients: number;
  /** Origins of browsers let in besides the node's own; `*` is any. */
  readonly origins: readonly string[];
  /** Failed authentications, by address. */
  readonly failures: Pick<RateLimit, 'count' | 'isUsedUp'>;
  /** Proxies before this node, each of which adds the address it sees to X-Forwarded-For. */
  readonly proxies: number;
  readonly warn?: (message: string, error: unknown) => void;
}

export const SOCKET_PATH = '/api/v1/ws';
/** Holds as many of Rocket.Chat's ids as one subscription may have. */
export const MAX_FRAME_BYTES = 256 * 1024;
const PING_EVERY_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
/** A token may have been revoked since. */
const RECHECK_EVERY_MS = 60_000;
/** Of one look: whoever is asked about them is not to be flooded. Of more than 1,200 clients each one's turn comes later. */
const RECHECKS_OF_A_LOOK = 20;
const CLOSES_WITHIN_MS = 1_000;

interface Connection {
  readonly socket: WebSocket;
  readonly client: SocketClient;
  pingAtMs: number;
  recheckAtMs: number;
  /** It has answered the last ping. */
  isAlive: boolean;
}

/** Serves the feed to WebSocket clients on an HTTP server (docs/WEBSOCKET.md). */
export class PresenceSocket {
  private readonly wss = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  private readonly connections = new Set<Connection>();
  private readonly told: Told;
  private unsubscribe: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosing = false;

  constructor(private readonly options: SocketOptions) {
    const { feed, snapshots, metrics } = options;
    this.told = { feed, snapshots, metrics, audience: new Audience() };
  }

  /** Clients connected now. */
  get size(): number {
    return this.connections.size;
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
    const gone = all.map(({ socket }) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
    for (const { client } of all) client.close(CLOSE.stopping);
    const cut = setTimeout(() => all.forEach(({ socket }) => socket.terminate()), CLOSES_WITHIN_MS);
    await Promise.all(gone);
    clearTimeout(cut);
    this.unsubscribe?.();
  }

  private async upgrade(req: http.IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const ignore = () => undefined;
    stream.on('error', ignore);
    try {
      const caller = await this.admit(req);
      if (stream.destroyed) return;
      stream.removeListener('error', ignore);
      this.wss.handleUpgrade(req, stream, head, (socket) => this.welcome(socket, stream, req, caller));
    } catch (error) {
      refuse(stream, error instanceof Refusal ? error : new Refusal(500, 'INTERNAL'));
      if (!(error instanceof Refusal)) this.options.warn?.('a WebSocket could not be opened', error);
    }
  }

  /** @returns undefined for one who has to say in his first frame who he is @throws Refusal */
  private async admit(req: http.IncomingMessage): Promise<Caller | undefined> {
    if (req.url?.split('?', 1)[0] !== SOCKET_PATH) throw new Refusal(404, 'NOT_FOUND');
    if (this.isClosing) throw new Refusal(503, 'STOPPING');
    if (!isOriginAllowed(req.headers, this.options.origins)) throw new Refusal(403, 'ORIGIN_NOT_ALLOWED');
    const { access, failures, proxies } = this.options;
    const address = addressOf(req, proxies);
    if (await failures.isUsedUp(address)) throw new Refusal(429, 'RATE_LIMITED');
    const { authorization, 'x-auth-token': token } = req.headers;
    if (authorization === undefined && token === undefined) return undefined;
    try {
      return await access.callerOf(req.headers);
    } catch (error) {
      if (!(error instanceof PresenceError)) throw error;
      if (error.type === 'UNAUTHENTICATED') await failures.count(address);
      throw new Refusal(error.code, error.type);
    }
  }

  private welcome(socket: WebSocket, stream: Duplex, req: http.IncomingMessage, caller: Caller | undefined): void {
    socket.on('error', () => undefined); // a bad frame of the protocol itself: ws closes the connection
    if (this.isClosing) return socket.close(CLOSE.stopping.code, CLOSE.stopping.reason);
    if (this.size >= this.options.maxClients) return socket.close(CLOSE.full.code, CLOSE.full.reason);
    const client = this.clientOf(socket, stream, req, caller);
    const nowMs = performance.now();
    const times = { pingAtMs: nowMs + PING_EVERY_MS, recheckAtMs: nowMs + RECHECK_EVERY_MS };
    const connection = { socket, client, ...times, isAlive: true };
    this.connections.add(connection);
    this.counted();
    socket.on('message', (data, isBinary) => client.receive(data as Buffer, isBinary));
    socket.on('ping', () => client.heed());
    socket.on('pong', () => {
      connection.isAlive = true;
      client.heed();
    });
    socket.once('close', () => {
      client.end();
      this.connections.delete(connection);
      this.counted();
    });
  }

  private clientOf(socket: WebSocket, stream: Duplex, req: http.IncomingMessage, caller: Caller | undefined) {
    const { access, failures, proxies, warn } = this.options;
    const address = addressOf(req, proxies);
    const { authorization, 'x-user-id': uid, 'x-auth-token': token } = req.headers;
    return new SocketClient(wireOf(socket, stream), {
      access,
      told: this.told,
      caller,
      again: caller && (() => access.callerOf({ authorization, 'x-user-id': uid, 'x-auth-token': token })),
      onRefused: () => void failures.count(address),
      warn,
    });
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
    for (const { client } of this.connections) client.lost();
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
      void connection.client.recheck();
    }
  }
}

/** A request that is answered with an HTTP status in place of a WebSocket. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

/** As all errors of the HTTP side: RFC 9457. */
function refuse(stream: Duplex, { status, code }: Refusal): void {
  if (stream.destroyed) return;
  const body = JSON.stringify({ type: `/problems/${code}`, title: code, status, code });
  const head = [
    `HTTP/1.1 ${status} ${code}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  endConnection(stream, `${head.join('\r\n')}\r\n\r\n${body}`);
}
