import type { Middleware, ServiceBroker } from 'moleculer';
import { SERVICE_NAME } from '../wire/contract';
import { anotherReplica } from './known-replicas';

/** Logins, logouts, heartbeats: what a ddp-streamer calls, whose process a rejection may end. */
const PASSED_ON: ReadonlySet<unknown> = new Set(
  ['newConnection', 'removeConnection', 'updateConnection', 'setConnectionStatus'].map(
    (name) => `${SERVICE_NAME}.${name}`,
  ),
);

interface Request {
  readonly action: string;
  readonly id: string;
  readonly sender: string;
  readonly params?: unknown;
  readonly meta?: object;
  readonly timeout?: number | null;
  readonly stream?: unknown;
}

interface Transit {
  sendResponse(nodeID: string, id: string, meta: object, data: unknown, error: unknown): Promise<unknown>;
}
type PacketHandler = (command: string, packet: { readonly payload?: Partial<Request> }) => Promise<unknown>;
type StoppingBroker = ServiceBroker & { readonly stopping: boolean; readonly transit: Transit };

/**
 * Moleculer rejects calls that arrive while a node stops, also those that were sent before their callers could know. Such
 * calls are passed on to another replica, and its answer is given as this one's.
 */
export function lateCallsMiddleware(): Middleware {
  const middleware = {
    transitMessageHandler(this: { readonly broker: ServiceBroker }, next: PacketHandler): PacketHandler {
      const broker = this.broker as StoppingBroker; // Moleculer's types know neither member
      return (command, packet) => {
        const request = command === 'REQ' && broker.stopping ? lateRequest(packet.payload) : undefined;
        const nodeID = request && anotherReplica(broker);
        return nodeID === undefined ? next(command, packet) : passOn(broker, request!, nodeID);
      };
    },
  };
  return middleware as unknown as Middleware; // Moleculer's types do not know this hook
}

function lateRequest(payload: Partial<Request> | undefined): Request | undefined {
  const isOurs = PASSED_ON.has(payload?.action) && !payload?.stream;
  const isWhole = typeof payload?.id === 'string' && typeof payload.sender === 'string';
  return isOurs && isWhole ? (payload as Request) : undefined;
}

async function passOn(broker: StoppingBroker, request: Request, nodeID: string): Promise<boolean> {
  const { action, id, sender, params, timeout } = request;
  const meta = { ...request.meta, presenceCaller: sender };
  const answer = (data: unknown, error: unknown) => broker.transit.sendResponse(sender, id, meta, data, error);
  await broker.call<unknown, unknown>(action, params, { nodeID, meta, ...(timeout != null && { timeout }) }).then(
    (data) => answer(data, null),
    (error: unknown) => answer(undefined, error),
  );
  return true;
}
