import type { ServiceBroker } from 'moleculer';
import type { NatsConnection } from 'nats';

/** `none`: there is no bus to be on. */
export type BusState = 'none' | 'up' | 'down';

export interface BusNews {
  /** This node has lost the bus. Must not throw. */
  onDown(): void;
  /** It is back, once for each `onDown`. Must not throw. @param outageMs milliseconds since then */
  onUp(outageMs: number): void;
}

/** What is used of the NATS client. */
export type NatsClient = Pick<NatsConnection, 'status' | 'closed' | 'flush'>;

interface Watch {
  readonly client: NatsClient;
  readonly statuses: ReturnType<NatsClient['status']> & { stop?(): void };
}

/** What is used of Moleculer's transit. */
interface Transit {
  readonly connected: boolean;
  /** The transporter. */
  readonly tx?: { readonly client?: unknown };
}

/**
 * Watches this node's own connection to the bus. When NATS goes away Moleculer says nothing, and after the
 * heartbeat time-out every node takes every other for lost; only the client knows at once that it is this
 * node that is alone. Buses other than NATS are known by Moleculer's local events, given to `connected` and
 * `disconnected`; both sources may speak, and any number of times.
 */
export class BusGuard {
  private isUp = false;
  private watching = false;
  private downSinceMs = 0;
  private watch: Watch | undefined;

  /** @param clock milliseconds, for the length of an outage only */
  constructor(
    private readonly broker: ServiceBroker,
    private readonly news: BusNews,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** While nothing is watched yet, or any more: what Moleculer believes. */
  get state(): BusState {
    if (!this.watching) return busAsBelieved(this.broker);
    return this.isUp ? 'up' : 'down';
  }

  /** To be called once the transit is connected, as it is before any service starts. */
  start(): void {
    const transit = transitOf(this.broker);
    if (this.watching || !transit) return;
    this.watching = true;
    this.isUp = true;
    this.follow();
    if (!transit.connected) this.fell();
  }

  /** Nobody is told anything after this. */
  stop(): void {
    this.watching = false;
    this.unfollow();
  }

  /** Moleculer has connected, maybe with a client that is new. */
  connected(): void {
    if (!this.watching) return;
    // A client that is followed already knows better than an event half a second late.
    if (this.follow() || !this.watch) this.rose();
  }

  /** Moleculer has disconnected. */
  disconnected(): void {
    this.fell();
  }

  /** @returns whether there is a client that was not followed before */
  private follow(): boolean {
    const client = natsClientOf(this.broker);
    if (client === this.watch?.client) return false;
    this.unfollow();
    if (!client) return false;
    const watch = (this.watch = { client, statuses: client.status() });
    const lost = () => this.fellOf(watch);
    // A status that cannot be read any more is none: better to judge nothing than to judge blindly.
    this.read(watch).catch(lost);
    // For good, e.g. when the server refuses the credentials: Moleculer does not try again.
    client.closed().then(lost, lost);
    // Statuses tell of what comes; whether the connection is gone already, an answer from the server tells.
    client.flush().catch(lost);
    return true;
  }

  private unfollow(): void {
    const { watch } = this;
    this.watch = undefined;
    // The iterator's own return() would wait for the next status, which may never come.
    watch?.statuses.stop?.();
  }

  private async read(watch: Watch): Promise<void> {
    for await (const status of watch.statuses) {
      if (this.watch !== watch) return;
      // NATS's enum would have to be loaded for its values, also where there is no bus.
      const type: string = status.type;
      // A stale connection is told as disconnected only when its last bytes are out, which may be never.
      if (type === 'disconnect' || type === 'staleConnection') this.fell();
      if (type === 'reconnect') this.rose();
    }
  }

  /** A client that was replaced has no say. */
  private fellOf(watch: Watch): void {
    if (this.watch === watch) this.fell();
  }

  private fell(): void {
    if (!this.watching || !this.isUp) return;
    this.isUp = false;
    this.downSinceMs = this.clock();
    this.news.onDown();
  }

  private rose(): void {
    if (!this.watching || this.isUp) return;
    this.isUp = true;
    this.news.onUp(this.clock() - this.downSinceMs);
  }
}

/** What Moleculer believes, for where nobody watches: it goes on believing in NATS while NATS is away. */
export function busAsBelieved(broker: ServiceBroker): BusState {
  const transit = transitOf(broker);
  if (!transit) return 'none';
  return transit.connected ? 'up' : 'down';
}

/** Moleculer's types leave out what is inside the transit; the only place that looks there. */
function transitOf(broker: ServiceBroker): Transit | undefined {
  return (broker.transit as unknown as Transit | null | undefined) ?? undefined;
}

/** Undefined with any other transporter, and while NATS's has no client; told by what it can do. */
function natsClientOf(broker: ServiceBroker): NatsClient | undefined {
  const client = transitOf(broker)?.tx?.client as Partial<NatsClient> | null | undefined;
  const isNats = [client?.status, client?.closed, client?.flush].every((method) => typeof method === 'function');
  return isNats ? (client as NatsClient) : undefined;
}
