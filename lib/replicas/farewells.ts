import type { Middleware } from 'moleculer';
import { asError } from '../wire/errors';
import { registryOf } from '../wire/node-limits';
import { dropsOf } from '../wire/packet-drops';
import type { Packet, PacketHandler, Transit } from '../wire/packet-guard';

/** A node that leaves closes its connection right after its last packet. */
const ASK_AFTER_MS = 100;
const ANSWERS_WITHIN_MS = 200;

interface Farewell {
  readonly packet: Packet;
  readonly pingId: string;
  timer: NodeJS.Timeout;
}

interface PingingTransit extends Transit {
  sendPing(nodeID: string, id: string): Promise<void>;
}

/**
 * Asks a node that says that it leaves whether it is still there: any node may send a DISCONNECT in another's name, and it would end the sessions of
 * all people there. It is believed 0.3 s later, unless the node answers.
 */
export function farewellMiddleware(): Middleware {
  const middleware = {
    transitMessageHandler(this: PingingTransit, next: PacketHandler): PacketHandler {
      const farewells = new Farewells(this, next);
      return (command, packet) => farewells.take(command, packet);
    },
  };
  return middleware as unknown as Middleware; // Moleculer's types do not know this hook
}

class Farewells {
  private readonly pending = new Map<string, Farewell>();

  constructor(
    private readonly transit: PingingTransit,
    private readonly next: PacketHandler,
  ) {}

  async take(command: string, packet: Packet): Promise<boolean> {
    const sender = packet.payload.sender as string; // checked by the guard
    if (command === 'DISCONNECT') return this.disconnect(sender, packet);
    const farewell = this.pending.get(sender);
    if (farewell && command === 'PONG' && packet.payload.id === farewell.pingId) this.isAlive(sender, farewell);
    // Another process of that name: the former has indeed gone.
    if (farewell && command === 'INFO' && this.isAnother(sender, packet)) await this.believe(sender, farewell);
    return this.next(command, packet);
  }

  private disconnect(id: string, packet: Packet): Promise<boolean> {
    const node = registryOf(this.transit.broker).nodes.get(id);
    if (!node?.available) return this.next('DISCONNECT', packet);
    if (!this.pending.has(id)) {
      const pingId = this.transit.broker.generateUid();
      const timer = setTimeout(() => this.ask(id), ASK_AFTER_MS).unref();
      this.pending.set(id, { packet, pingId, timer });
    }
    return Promise.resolve(true);
  }

  private ask(id: string): void {
    const farewell = this.pending.get(id);
    if (!farewell) return;
    void this.transit.sendPing(id, farewell.pingId);
    farewell.timer = setTimeout(() => void this.believe(id, farewell), ANSWERS_WITHIN_MS).unref();
  }

  private isAlive(id: string, { timer }: Farewell): void {
    clearTimeout(timer);
    this.pending.delete(id);
    dropsOf(this.transit.broker).add('still_alive', id);
  }

  private async believe(id: string, { timer, packet }: Farewell): Promise<void> {
    clearTimeout(timer);
    this.pending.delete(id);
    try {
      await this.next('DISCONNECT', packet);
    } catch (thrown) {
      dropsOf(this.transit.broker).add('failed', id, asError(thrown));
    }
  }

  private isAnother(id: string, { payload }: Packet): boolean {
    return registryOf(this.transit.broker).nodes.get(id)?.instanceID !== payload.instanceID;
  }
}
