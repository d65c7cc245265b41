import { setTimeout as delay } from 'node:timers/promises';
import { Transporters, type LoggerInstance, type ServiceBroker, type Transit } from 'moleculer';
import type { ConnectionOptions, NatsConnection } from 'nats';
import { InstanceClaim, type ClaimBus } from './instance-claim';
import { NatsOutage } from './nats-outage';

/** What NATS's client is given; holds credentials. */
export interface NatsOptions extends ConnectionOptions {
  readonly servers: string[];
  readonly reconnectTimeWait: number;
}

const SECOND = 1000;
/** How often it is found out, while the client is away, why. */
const ASK_WHY_EVERY_MS = 2 * SECOND;
/** What a stopping node still has to say is out by then, or never will be. */
const FLUSH_WITHIN_MS = SECOND;
/** A process that has been on the bus under this node's id is back by then, when NATS is back. */
const OTHERS_RETURN_WITHIN_MS = 3 * SECOND;

/** Moleculer's types say text; it is the packet. */
type PacketHandler = (command: string, packet: string) => void;

/** What Moleculer's transporter has besides, which its types leave out. */
interface Inside {
  client: NatsConnection | null;
  connected: boolean;
  readonly prefix: string;
  readonly broker: ServiceBroker & { readonly instanceID: string; readonly PROTOCOL_VERSION: string };
}

/**
 * Moleculer's transporter for NATS, with a connection that is never given up: whatever the server answers it is tried again, by NATS's own
 * client or, where that has closed for good, by a new one. The log says why it cannot be reached. A node id that another process has is not taken.
 */
export class NatsTransporter extends Transporters.NATS {
  /** Not `opts`, which Moleculer shows to whoever asks: it holds credentials. */
  readonly #options: NatsOptions;
  readonly #stopping = new AbortController();
  #claim: InstanceClaim | undefined;
  #outage: NatsOutage | undefined;
  #askWhy: NodeJS.Timeout | undefined;

  constructor(options: NatsOptions) {
    super({});
    this.#options = options;
  }

  override init(transit: Transit, messageHandler: PacketHandler, afterConnect: (wasReconnect: boolean) => void): void {
    const hear: PacketHandler = (command, packet) => {
      this.#claim?.hear((packet as { payload?: unknown }).payload);
      return messageHandler(command, packet);
    };
    super.init(transit, hear, afterConnect);
    const { broker, prefix } = inside(this);
    const log: LoggerInstance = broker.getLogger('bus');
    const { nodeID, instanceID, PROTOCOL_VERSION: version } = broker;
    this.#outage = new NatsOutage(this.#options.servers, log);
    this.#claim = new InstanceClaim({
      bus: { prefix, nodeID, instanceID, version, ...codecOf(broker) },
      log,
      // Nothing is said to the bus: it would be said in the name of the other process.
      onTaken: (message) => broker.fatal(message, undefined, true),
    });
  }

  /** Resolves once this node is on the bus; never rejects. */
  override async connect(): Promise<void> {
    const client = await this.#connected();
    if (!client) return;
    inside(this).client = client;
    void this.#follow(client);
    await this.onConnected();
    this.#claim?.hold();
  }

  override async disconnect(): Promise<void> {
    this.#stopping.abort();
    this.#askNoMore();
    const { client } = inside(this);
    if (!client) return;
    await Promise.race([client.flush().catch(() => undefined), delay(FLUSH_WITHIN_MS, undefined, { ref: false })]);
    await client.close();
    inside(this).client = null;
  }

  /** @returns a client whose node id is free; undefined when this node stops */
  async #connected(): Promise<NatsConnection | undefined> {
    for (let failures = 0; !this.#isStopping; failures += 1) {
      try {
        const client = await this.#dial(this.#options);
        await this.#claim?.take(client, failures > 0 ? OTHERS_RETURN_WITHIN_MS : 0);
        if (this.#isStopping) await client.close();
        else return client;
      } catch (thrown) {
        this.#outage?.failed(thrown);
        const { signal } = this.#stopping;
        await delay(this.#options.reconnectTimeWait, undefined, { signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  async #dial(options: ConnectionOptions): Promise<NatsConnection> {
    const { connect } = await import('nats');
    return connect(options);
  }

  /** Until the client is closed: by this node when it stops, else for good, and then a new one is made. */
  async #follow(client: NatsConnection): Promise<void> {
    this.#outage?.ended();
    void this.#read(client);
    const fault = await client.closed();
    this.#askNoMore();
    if (this.#isStopping) return;
    Object.assign(inside(this), { client: null, connected: false });
    this.#outage?.failed(fault ?? new Error('the connection was closed'));
    await this.connect();
  }

  async #read(client: NatsConnection): Promise<void> {
    for await (const status of client.status()) {
      const type: string = status.type; // NATS's enum would have to be loaded for its values, also where there is no bus
      if (type === 'disconnect') this.#lost();
      if (type === 'reconnect') this.#back();
    }
  }

  /** The client does not say why it cannot come back; another one, made for nothing else, does. Told again with every attempt that fails. */
  #lost(): void {
    this.#askWhy ??= setInterval(() => {
      const once = { ...this.#options, reconnect: false, maxReconnectAttempts: 0 };
      this.#dial(once).then(
        (client) => client.close(),
        (thrown: unknown) => this.#outage?.failed(thrown),
      );
    }, ASK_WHY_EVERY_MS);
  }

  #askNoMore(): void {
    clearInterval(this.#askWhy);
    this.#askWhy = undefined;
  }

  #back(): void {
    this.#askNoMore();
    this.#outage?.ended();
    this.#claim?.assert();
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}

const inside = (transporter: object) => transporter as Inside; // see Inside

/** Packets as this bus has them. */
function codecOf(broker: ServiceBroker): Pick<ClaimBus, 'encode' | 'decode'> {
  const serializer = broker.serializer as unknown as Serializer; // Moleculer's types know texts only
  return {
    encode: (payload, type) => serializer.serialize(payload, type),
    decode: (bytes, type) => serializer.deserialize(Buffer.from(bytes), type),
  };
}

interface Serializer {
  serialize(payload: object, type: string): Uint8Array;
  deserialize(bytes: Buffer, type: string): unknown;
}
