import { Errors, type Context, type Middleware, type ServiceBroker } from 'moleculer';
import { TokenBucket } from '../socket/token-bucket';
import { asError } from './errors';
import { NodeLimits, registryOf, type NodeInfo } from './node-limits';
import { faultOf, type DropReason } from './packet-check';
import { dropsOf } from './packet-drops';
import { boundRegistryMetrics } from './registry-metrics';

export interface Packet {
  readonly payload: Readonly<Record<string, unknown>>;
}
export type PacketHandler = (command: string, packet: Packet) => Promise<boolean>;

/** What is used of Moleculer's transit, which it leaves untyped. */
export interface Transit {
  readonly broker: ServiceBroker & { readonly stopping?: boolean };
  readonly pendingRequests: ReadonlyMap<unknown, { readonly nodeID?: string | null }>;
  sendResponse(nodeID: unknown, id: unknown, meta: unknown, data: unknown, error: Error): Promise<void>;
  readonly discoverer: { sendLocalNodeInfo(nodeID?: string): Promise<void> };
}
type Receive = (command: string, data: Buffer) => unknown;

/** Answers to DISCOVER: all nodes of a large bus ask at once when NATS is back. */
const INFOS_AT_ONCE = 300;
const INFOS_A_SECOND = 20;
const ANSWER_ALL_AFTER_MS = 1_000;

/**
 * The one place that all packets of the bus pass: what Moleculer could not read, or should not believe, is dropped and counted; an error of
 * whoever takes a packet ends there. After it a packet can neither end the process nor make it keep more than is bounded.
 */
export function packetGuard(): Middleware {
  let received = 0;
  const middleware = {
    created(broker: ServiceBroker) {
      neverThrow(broker);
      boundRegistryMetrics(broker);
      dropsOf(broker);
    },
    transporterReceive(next: Receive): Receive {
      return (command, data) => {
        received = data.length;
        return next(command, data);
      };
    },
    transitMessageHandler(this: Transit, next: PacketHandler): PacketHandler {
      const guard = new Guard(this, () => received);
      return (command, packet) => guard.take(command, packet, next);
    },
    localAction(
      this: ServiceBroker,
      next: ActionHandler,
      action: { name: string; visibility?: string },
    ): ActionHandler {
      const isOpen = [undefined, null, 'published', 'public'].includes(action.visibility);
      if (isOpen) return next;
      // Moleculer looks at it where a call is made, not where it arrives.
      return (ctx) => {
        if (ctx.nodeID === this.nodeID) return next(ctx);
        dropsOf(this).add('not_callable', ctx.nodeID);
        return Promise.reject(notFound(this, action.name));
      };
    },
  };
  return middleware as unknown as Middleware; // Moleculer's types do not know these hooks
}

type ActionHandler = (ctx: Context) => Promise<unknown>;

function notFound({ nodeID }: ServiceBroker, action: string): Error {
  return new Errors.ServiceNotFoundError({ action, nodeID });
}

/** What cannot be read is an empty packet, which the guard drops: Moleculer would write a line for each. */
function neverThrow({ serializer }: ServiceBroker): void {
  const reader = serializer as unknown as { deserialize(bytes: Buffer, type: string): unknown };
  const deserialize = reader.deserialize.bind(reader);
  reader.deserialize = (bytes, type) => {
    try {
      return deserialize(bytes, type);
    } catch {
      return undefined;
    }
  };
}

class Guard {
  private readonly limits: NodeLimits;
  private readonly infos = new TokenBucket(INFOS_A_SECOND, INFOS_AT_ONCE);
  private answerAll: NodeJS.Timeout | undefined;

  /** @param received bytes of the packet that is being taken */
  constructor(
    private readonly transit: Transit,
    private readonly received: () => number,
  ) {
    this.limits = new NodeLimits(registryOf(transit.broker));
  }

  private get drops() {
    return dropsOf(this.transit.broker);
  }

  async take(command: string, packet: Packet, next: PacketHandler): Promise<boolean> {
    const sender = packet.payload?.sender;
    try {
      const verdict = faultOf(command, packet.payload) ?? this.verdict(command, packet.payload);
      if (verdict === 'pass') return await next(command, packet);
      if (verdict !== 'ignore') this.drops.add(verdict, sender);
    } catch (thrown) {
      this.drops.add('failed', sender, asError(thrown));
    }
    return false;
  }

  private verdict(command: string, payload: Packet['payload']): DropReason | 'pass' | 'ignore' {
    const { broker, pendingRequests } = this.transit;
    if (payload.sender === broker.nodeID) return this.ownName(command, payload);
    switch (command) {
      case 'REQ':
        return this.request(payload);
      case 'RES': {
        const asked = pendingRequests.get(payload.id)?.nodeID;
        return asked === undefined || asked === null || asked === payload.sender ? 'pass' : 'unasked';
      }
      case 'INFO':
        return this.limits.admit(payload as unknown as NodeInfo, this.received(), performance.now())
          ? 'pass'
          : 'too_many';
      case 'PONG':
        return registryOf(broker).nodes.has(payload.sender as string) ? 'pass' : 'unasked';
      case 'DISCOVER':
        return this.discover();
      default:
        return 'pass';
    }
  }

  /** What this node broadcasts comes back to it. The INFO of another process of this name would end this one. */
  private ownName(command: string, { instanceID }: Packet['payload']): DropReason | 'ignore' {
    const isForged = ['REQ', 'RES', 'EVENT'].includes(command);
    const isOther = command === 'INFO' && instanceID !== this.transit.broker.instanceID;
    return isForged || isOther ? 'own_name' : 'ignore';
  }

  private request({ sender, id, action, meta }: Packet['payload']): DropReason | 'pass' {
    const { broker } = this.transit;
    const name = action as string;
    const list = registryOf(broker).actions.actions.get(name) as { hasLocal(): boolean } | undefined;
    if (broker.stopping || list?.hasLocal()) return 'pass';
    // As Moleculer answers, but without a line for each.
    void this.transit.sendResponse(sender, id, meta, null, notFound(broker, name));
    return 'not_callable';
  }

  /** Beyond a number all who have asked are answered by one broadcast. */
  private discover(): 'pass' | 'ignore' {
    if (this.infos.take()) return 'pass';
    const answer = () => {
      this.answerAll = undefined;
      void this.transit.discoverer.sendLocalNodeInfo();
    };
    this.answerAll ??= setTimeout(answer, ANSWER_ALL_AFTER_MS).unref();
    return 'ignore';
  }
}
