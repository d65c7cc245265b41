import type { Middleware } from 'moleculer';
import { asError } from '../wire/errors';
import { registryOf } from '../wire/node-limits';
import { dropsOf } from '../wire/packet-drops';
import type { Packet, PacketHandler, Transit } from '../wire/packet-guard';

/** A node that leaves closes its connection right after its last packet. */
const ASK_AFTER_MS = 100;
const ANSWERS_WITHIN_MS = 200;

/** What would end the sessions of a node, held until it is known whether the node is still there. */
interface Claim {
  /** It leaves. */
  disconnect?: Packet;
  /** Another process has its name. */
  info?: Packet;
  timer: NodeJS.Timeout;
}

interface AskingTransit extends Transit {
  discoverNode(nodeID: string): Promise<void>;
}

/**
 * Asks a node whether it is still there, when a packet says that it leaves, or that another process has its name. Every node of the bus may send such
 * a packet, and it would end the sessions of all people there. The packet is believed 0.3 s later, unless the process that is known answers.
 */
export function farewellMiddleware(): Middleware {
  const middleware = {
    transitMessageHandler(this: AskingTransit, next: PacketHandler): PacketHandler {
      const farewells = new Farewells(this, next);
      return (command, packet) => farewells.take(command, packet);
    },
  };
  return middleware as unknown as Middleware; // Moleculer's types do not know this hook
}

class Farewells {
  private readonly claims = new Map<string, Claim>();

  constructor(
    private readonly transit: AskingTransit,
    private readonly next: PacketHandler,
  ) {}

  take(command: string, packet: Packet): Promise<boolean> {
    const sender = packet.payload.sender as string; // checked by the guard
    if (command !== 'DISCONNECT' && command !== 'INFO') return this.next(command, packet);
    const node = registryOf(this.transit.broker).nodes.get(sender);
    if (!node?.available) return this.next(command, packet);
    if (command === 'DISCONNECT') return this.hold(sender, 'disconnect', packet);
    if (node.instanceID !== packet.payload.instanceID) return this.hold(sender, 'info', packet);
    this.isAlive(sender);
    return this.next(command, packet);
  }

  private hold(id: string, what: 'disconnect' | 'info', packet: Packet): Promise<boolean> {
    let claim = this.claims.get(id);
    if (!claim) {
      claim = { timer: setTimeout(() => this.ask(id), ASK_AFTER_MS).unref() };
      this.claims.set(id, claim);
    }
    claim[what] = packet;
    return Promise.resolve(true);
  }

  private ask(id: string): void {
    const claim = this.claims.get(id);
    if (!claim) return;
    // A node that leaves says nothing of itself any more, though its connection may still be open.
    void this.transit.discoverNode(id);
    claim.timer = setTimeout(() => void this.believe(id, claim), ANSWERS_WITHIN_MS).unref();
  }

  private isAlive(id: string): void {
    const claim = this.claims.get(id);
    if (!claim) return;
    clearTimeout(claim.timer);
    this.claims.delete(id);
    dropsOf(this.transit.broker).add('still_alive', id);
  }

  private async believe(id: string, { disconnect, info }: Claim): Promise<void> {
    this.claims.delete(id);
    try {
      if (disconnect) await this.next('DISCONNECT', disconnect);
      if (info) await this.next('INFO', info);
    } catch (thrown) {
      dropsOf(this.transit.broker).add('failed', id, asError(thrown));
    }
  }
}
