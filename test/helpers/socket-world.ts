import type { Caller } from '../../lib/http/access';
import { PresenceFeed } from '../../lib/feed/presence-feed';
import { Snapshots } from '../../lib/feed/snapshots';
import { Audience } from '../../lib/socket/audience';
import { SocketClient, type ClientLimits, type ClientOptions } from '../../lib/socket/socket-client';
import { FakeUsers, FakeWire } from './feed-fixture';
import type { ServerFrame } from './picture';

export const SOMEBODY: Caller = { name: 'test', scope: 'read' };
/** Changes that the feed keeps. */
export const KEPT = 4;

type Who = Partial<Pick<ClientOptions, 'caller' | 'again' | 'enter'>> & Pick<ClientOptions, 'ofToken'>;

const UNLIMITED: ClientLimits = { subscribe: () => undefined, unsubscribe: () => undefined };

/** Lets some of jest's time pass, milliseconds; by default a window of the feed. */
export const tick = (ms = 60): Promise<void> => jest.advanceTimersByTimeAsync(ms);

/** A feed of users in memory and its clients, in the time of jest. */
export class SocketWorld {
  readonly users = new FakeUsers();
  readonly feed = new PresenceFeed({ source: this.users.source, kept: KEPT });
  readonly snapshots = new Snapshots(this.feed);
  readonly audience = new Audience();
  readonly clients = new Set<SocketClient>();
  /** Clients found slow so far. */
  slow = 0;

  constructor() {
    this.feed.subscribe({
      changed: (changes) => this.audience.tell(changes, this.feed.epoch),
      lost: () => this.clients.forEach((client) => client.lost()),
    });
  }

  /** @param again as whom it is known when it is looked at once more */
  connect(wire: FakeWire, again: () => Promise<Caller | undefined> = async () => SOMEBODY): SocketClient {
    return this.add(wire, { caller: SOMEBODY, again, ofToken: async () => undefined });
  }

  /** A client that has to say who it is. */
  connectAnonymous(wire: FakeWire, ofToken: (token: string) => Promise<Caller | undefined>): SocketClient {
    return this.add(wire, { ofToken, again: (token) => ofToken(token!) });
  }

  async change(uid: string, status: 'online' | 'busy' | 'offline'): Promise<void> {
    this.users.write(uid, { status });
    this.feed.mark([uid]);
    await tick();
  }

  stop(): void {
    for (const client of this.clients) client.end();
    this.feed.stop();
    this.snapshots.stop();
  }

  /** @param enter as the server lets a caller in, or not */
  connectAs(wire: FakeWire, enter: ClientOptions['enter']): SocketClient {
    return this.add(wire, { caller: SOMEBODY, enter, ofToken: async () => undefined });
  }

  private add(wire: FakeWire, who: Who): SocketClient {
    const { feed, snapshots, audience } = this;
    const metrics = { sent: () => undefined, slow: () => void (this.slow += 1) };
    const told = { feed, snapshots, audience, metrics };
    const open = { enter: () => UNLIMITED, again: async () => SOMEBODY, ended: () => undefined };
    const client = new SocketClient(wire, { ...open, ...who, told });
    this.clients.add(client);
    return client;
  }
}

/** Each test has a world of its own. @param begin told of it before the test */
export function worldOfEach(begin: (world: SocketWorld) => void): void {
  let world: SocketWorld;
  beforeEach(() => {
    jest.useFakeTimers();
    begin((world = new SocketWorld()));
  });
  afterEach(() => {
    world.stop();
    jest.useRealTimers();
  });
}

/** A client and the end of its connection. */
export class Connected {
  constructor(
    readonly client: SocketClient,
    readonly wire: FakeWire,
  ) {}

  async says(frame: unknown, ms = 1): Promise<void> {
    this.client.receive(Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame)), false);
    await tick(ms);
  }

  /** What it was sent since it was asked last. */
  heard(): ServerFrame[] {
    return this.wire.frames.splice(0);
  }

  /** The same in few words. */
  said(): string[] {
    return this.heard().map(short);
  }
}

/** A frame in few words: `snapshot x slow ann:online,bob:busy more`. */
export const short = ({ op, users: of, reason, missed, code, id, more }: ServerFrame): string =>
  [op, id, reason, code, missed, of?.map(({ uid, status }) => `${uid}:${status}`).join(), more ? 'more' : '']
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
