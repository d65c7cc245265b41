import { randomUUID } from 'node:crypto';
import type { Middleware, ServiceBroker } from 'moleculer';
import { PresenceError } from './errors';
import { registryOf } from './node-limits';
import { dropsOf } from './packet-drops';
import { PartsReceived, partsOf } from './parts';

interface SentPacket {
  readonly type: string;
  readonly target: string | null | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
}
/** What is used of Moleculer's transporter, which it leaves untyped. */
interface Transporter {
  readonly broker: ServiceBroker;
  readonly client?: { readonly info?: { readonly max_payload?: number } } | null;
  serialize(packet: object): Buffer;
}
type Send = (topic: string, data: Buffer, meta: { readonly packet?: SentPacket }) => Promise<void>;
type Receive = (command: string, data: Buffer) => unknown;

/** NATS's, where its client does not say. */
const MAX_PAYLOAD = 1024 * 1024;
/** Of one packet in parts: NATS lets go of a client for which twice as much waits. */
const MAX_WHOLE = 32 * 1024 * 1024;
/** What nodes tell of themselves is bounded, and small. */
const CARRIED: ReadonlySet<string> = new Set(['REQ', 'RES', 'EVENT']);
const METADATA = 'presenceParts';

/** What this node tells of itself: it puts packets together that come in parts. */
export const PARTS_METADATA = { [METADATA]: 1 };

/**
 * Carries packets that are too large for NATS between replicas of this service, in parts: whichever of them is asked gives the same answer. Other
 * nodes cannot be sent so much; they get an error that says so.
 */
export function packetParts(): Middleware {
  const received = new PartsReceived();
  const middleware = {
    transporterSend(this: Transporter, next: Send): Send {
      const sendLarge = async (topic: string, data: Buffer, packet: SentPacket, max: number) => {
        const isTaken = CARRIED.has(packet.type) && data.length <= MAX_WHOLE && takesParts(this.broker, packet.target);
        if (!isTaken) return next(topic, tooLarge(this, packet, data.length, max), { packet });
        for (const part of partsOf(data, max, this.broker.nodeID, randomUUID())) await next(topic, part, { packet });
      };
      return (topic, data, meta) => {
        const max = this.client?.info?.max_payload ?? MAX_PAYLOAD;
        const { packet } = meta;
        return data.length <= max || !packet ? next(topic, data, meta) : sendLarge(topic, data, packet, max);
      };
    },
    transporterReceive(this: Transporter, next: Receive): Receive {
      const takes = (sender: string) => takesParts(this.broker, sender);
      return (command, data) => {
        const whole = received.take(data, (sender) => CARRIED.has(command) && takes(sender), performance.now());
        if (whole === 'dropped') dropsOf(this.broker).add('part', undefined);
        return typeof whole === 'string' ? undefined : next(command, whole);
      };
    },
  };
  return middleware as unknown as Middleware; // Moleculer's types do not know these hooks
}

function takesParts(broker: ServiceBroker, nodeID: string | null | undefined): boolean {
  return typeof nodeID === 'string' && registryOf(broker).nodes.get(nodeID)?.metadata?.[METADATA] === 1;
}

/** An answer becomes an error. @throws PresenceError TOO_LARGE for what is no answer */
function tooLarge(transporter: Transporter, packet: SentPacket, bytes: number, max: number): Buffer {
  const { broker } = transporter;
  const what = packet.type === 'RES' ? 'the answer' : 'the request';
  const error = new PresenceError(
    'TOO_LARGE',
    `${what} has ${bytes} bytes, the bus carries ${max}: ask for less at once`,
  );
  const { id, meta } = packet.payload;
  if (packet.type !== 'RES') {
    // Moleculer would keep it for ever.
    (broker.transit as unknown as { removePendingRequest(id: unknown): void }).removePendingRequest(id);
    throw error;
  }
  const plain = (broker as unknown as { errorRegenerator: { extractPlainError(error: Error): object } })
    .errorRegenerator;
  const payload = { id, meta, success: false, data: null, error: plain.extractPlainError(error) };
  return transporter.serialize({ ...packet, payload });
}
