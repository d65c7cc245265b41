import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectNats } from 'nats';
import { WebSocket } from 'ws';
import { READ_TOKEN } from '../helpers/socket-client';
import type { SoakReplica, SoakWorld } from './soak-world';

const HOLDS_MS = 6_000;
const BETWEEN_MS = 300;
const BURST = 50;

const ROUTES = [
  '/api/v1/users?limit=100',
  '/api/v1/history?limit=1000',
  '/health',
  '/metrics',
  '/docs/',
  '/api/v1/stats',
];
const BROKEN_HTTP = [
  'GET / HTTP/1.1\r\nHost: a\r\nX-',
  'POST /api/v1/users HTTP/1.1\r\nContent-Length: 999999\r\n\r\n{"a',
];
const PACKETS = ['REQ', 'RES', 'EVENT', 'DISCOVER', 'INFO', 'DISCONNECT', 'HEARTBEAT', 'PING', 'PONG'];

type Attack = (replica: SoakReplica, world: SoakWorld) => Promise<void>;

/** A raw connection that says something and then holds on, reading nothing. */
async function hold({ port }: SoakReplica, says: string): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  socket.write(says);
  await pause(HOLDS_MS * Math.random());
  socket.destroy();
}

/** A WebSocket that is opened and used in one way; refusals are what it is for. */
async function withSocket(port: number, token: string | undefined, use: (socket: WebSocket) => void): Promise<void> {
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/ws`, { headers });
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'open'), once(socket, 'close')]).catch(() => undefined);
  if (socket.readyState === WebSocket.OPEN) use(socket);
  await pause(HOLDS_MS * Math.random());
  socket.terminate();
}

/** Packets that no node sends. The bus may be away: then they go nowhere. */
async function foreignPackets({ id }: SoakReplica, { nats }: SoakWorld): Promise<void> {
  const client = await connectNats({ servers: nats.url, reconnect: false, timeout: 1_000 });
  for (let i = 0; i < BURST; i += 1) {
    const type = PACKETS[i % PACKETS.length]!;
    const body = {
      ver: '4',
      sender: `foreign-${i % 3}`,
      id: String(i),
      action: 'presence.get',
      params: [[]],
      event: '$x',
    };
    const subject = i % 2 ? `MOL.${type}.${id}` : `MOL.${type}`;
    client.publish(subject, i % 5 ? Buffer.from(JSON.stringify(body)) : randomBytes(64));
  }
  await Promise.race([client.drain(), client.closed()]); // a server that is killed meanwhile ends no drain
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  'half a request': (replica) => hold(replica, BROKEN_HTTP[Math.floor(Math.random() * BROKEN_HTTP.length)]!),
  'pipelined and unread': (replica) =>
    hold(replica, 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(BURST)),
  'upgrade of another path': (replica) =>
    hold(replica, 'GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  'never authenticates': ({ port }) => withSocket(port, undefined, () => undefined),
  'wrong token': ({ port }) => withSocket(port, `wrong-${randomBytes(8).toString('hex')}`, () => undefined),
  'subscribes and never reads': ({ port }) =>
    withSocket(port, READ_TOKEN, (socket) => {
      socket.pause();
      for (let i = 0; i < BURST; i += 1) socket.send(JSON.stringify({ op: 'subscribe', id: String(i), uids: 'all' }));
    }),
  'frames that are none': ({ port }) =>
    withSocket(port, READ_TOKEN, (socket) => {
      for (let i = 0; i < BURST; i += 1) socket.send(i % 2 ? randomBytes(100) : '{"op":');
    }),
  'foreign packets': foreignPackets,
  'routes at once': async ({ port }) => {
    const one = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${READ_TOKEN}` } });
    await Promise.all(ROUTES.map(async (path) => (await one(path)).arrayBuffer()));
  },
};

/** Clients that break off, never read, never say who they are, or send what nobody should: a few at once, for ever. */
export class HostileClients {
  made = 0;
  private isOn = false;
  private all: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly world: SoakWorld,
    private readonly count: number,
  ) {}

  start(): void {
    this.isOn = true;
    this.all = Promise.all(Array.from({ length: this.count }, () => this.attack()));
  }

  async stop(): Promise<void> {
    this.isOn = false;
    await this.all;
  }

  private async attack(): Promise<void> {
    const attacks = Object.values(ATTACKS);
    while (this.isOn) {
      const [attack, replica] = [attacks, this.world.replicas].map(
        (from) => from[Math.floor(Math.random() * from.length)]!,
      ) as [Attack, SoakReplica];
      await attack(replica, this.world).catch(() => undefined); // the node may refuse it, or be without its bus
      this.made += 1;
      await pause(BETWEEN_MS);
    }
  }
}
