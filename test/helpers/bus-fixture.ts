import { randomBytes } from 'node:crypto';
import type { ServiceBroker, ServiceSchema } from 'moleculer';
import { eventually } from './eventually';
import { startMongo, type MongoServer } from './mongo-server';
import { startNats } from './nats-server';
import { startReplica, type Replica, type ReplicaOptions } from './replica';
import { startRocketChatNode, type RocketChatNode, type StatusCall } from './rocket-chat-node';

type Nats = Awaited<ReturnType<typeof startNats>>;

interface CrashingTransit {
  readonly tx: { readonly client: { close(): Promise<void> } };
  sendDisconnectPacket(): Promise<void>;
}

/** A real NATS server with nodes on it, all of which end with `stop`. */
export class BusFixture {
  private readonly database = `bus_${randomBytes(4).toString('hex')}`;
  private readonly started: { readonly broker: ServiceBroker; stop(): Promise<void> }[] = [];

  private readonly crashed: RocketChatNode[] = [];

  private constructor(
    readonly nats: Nats,
    private readonly mongo: MongoServer | undefined,
  ) {}

  /** With TEST_STORE=mongo all replicas share a fresh database, else each has an embedded store. */
  static async start(): Promise<BusFixture> {
    const mongo = process.env.TEST_STORE === 'mongo' ? await startMongo() : undefined;
    return new BusFixture(await startNats(), mongo);
  }

  async replica(options: Omit<ReplicaOptions, 'natsUrl'>): Promise<Replica> {
    const mongoUrl = this.mongo?.url(this.database);
    const replica = await startReplica({ mongoUrl, ...options, natsUrl: this.nats.url });
    this.started.push(replica);
    await this.settle();
    return replica;
  }

  /** @param expects services the node waits for before it is handed out */
  async rocketChat(
    nodeID: string,
    services: readonly ServiceSchema[] = [],
    expects: readonly string[] = ['presence'],
  ): Promise<RocketChatNode> {
    const node = await startRocketChatNode(this.nats.url, nodeID, services);
    this.started.push(node);
    await node.broker.waitForServices([...expects], 10_000, 20);
    await this.settle();
    return node;
  }

  /** Nodes tell of their services a moment after they have started: waits until each knows of all the others'. */
  private async settle(): Promise<void> {
    const names = (broker: ServiceBroker, onlyLocal: boolean) =>
      broker.registry.getServiceList({ onlyAvailable: true, onlyLocal }).map(placeOf);
    await eventually(() => {
      const all = this.started.flatMap(({ broker }) => names(broker, true));
      for (const { broker } of this.started) expect(names(broker, false)).toEqual(expect.arrayContaining(all));
    });
  }

  /** A node that leaves by itself is not stopped a second time. */
  async leave(node: Replica | RocketChatNode): Promise<void> {
    this.started.splice(this.started.indexOf(node), 1);
    await node.stop();
  }

  /** Ends a node as a crash does: the bus is told nothing. */
  async crash(node: RocketChatNode): Promise<void> {
    this.started.splice(this.started.indexOf(node), 1);
    const transit = node.broker.transit as unknown as CrashingTransit; // Moleculer's types know neither
    transit.sendDisconnectPacket = () => Promise.resolve();
    await transit.tx.client.close();
    this.crashed.push(node);
  }

  async stop(): Promise<void> {
    for (const node of this.started.reverse()) await node.stop();
    await this.nats.stop();
    for (const node of this.crashed) await node.stop();
    await this.mongo?.stop();
  }
}

function placeOf(service: object): string {
  const { name, nodeID } = service as { name: string; nodeID: string };
  return `${name}@${nodeID}`;
}

/** The events of one user so far. */
export function eventsOf(node: RocketChatNode, uid: string): StatusCall[] {
  return node.statuses.filter(({ user }) => user._id === uid);
}

/** The statuses a user was told to have, in order. */
export function shown(node: RocketChatNode, uid: string): string[] {
  return eventsOf(node, uid).map(({ user }) => user.status as string);
}

/** Waits until a user's events show exactly these statuses, in this order. */
export async function sees(node: RocketChatNode, uid: string, ...statuses: string[]): Promise<StatusCall[]> {
  await eventually(() => expect(shown(node, uid)).toEqual(statuses));
  return eventsOf(node, uid);
}
