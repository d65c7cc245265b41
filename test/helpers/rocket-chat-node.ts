import EJSON from 'ejson';
import { Errors, Serializers, ServiceBroker, type GenericObject, type ServiceSchema } from 'moleculer';

/** Written anew from contract 1.2 and 1.3, on purpose not our own serializer: both ends must agree on the wire. */
class RocketChatSerializer extends Serializers.Base {
  override serialize(packet: GenericObject): Buffer {
    return Buffer.from(EJSON.stringify(packet as Parameters<typeof EJSON.stringify>[0]));
  }
  override deserialize(bytes: Buffer): GenericObject {
    return EJSON.parse(bytes.toString()) as GenericObject;
  }
}

/** Rebuilds errors as contract 1.6 tells: a Meteor error gets the received message as its code. */
class RocketChatErrors extends Errors.Regenerator {
  override restoreCustomError(plain: GenericObject): Error | undefined {
    if (plain.errorType !== 'Meteor.Error') return undefined;
    return Object.assign(new Error(plain.message as string), { error: plain.message as string, received: plain });
  }
}

export interface StatusCall {
  readonly user: GenericObject;
  readonly previousStatus?: string;
  readonly rev?: number;
  readonly argumentCount: number;
}

export interface RocketChatNode {
  readonly broker: ServiceBroker;
  /** What this node's listener was called with, in order. */
  readonly statuses: StatusCall[];
  /** As core's proxy does: positional arguments in an array (contract 1.3). */
  call<T = unknown>(action: string, ...args: unknown[]): Promise<T>;
  callAt<T = unknown>(nodeID: string, action: string, ...args: unknown[]): Promise<T>;
  /** As core's broadcast does: the args array is the payload (contract 1.4). */
  broadcast(event: string, ...args: unknown[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A node as Rocket.Chat runs them: Moleculer 0.14, EJSON, event handlers that spread the args array.
 *
 * @param services what else this node offers, e.g. `settings`
 * @param timing `patient`: with Rocket.Chat's own time-outs, so that on a busy machine it takes nobody for lost and gives no
 *   call up; `intervalS` and `timeoutS`: of the heartbeats of the node itself
 */
export async function startRocketChatNode(
  natsUrl: string,
  nodeID: string,
  services: readonly ServiceSchema[] = [],
  {
    patient = false,
    intervalS = 1,
    timeoutS = patient ? 30 : 3,
  }: { readonly patient?: boolean; readonly intervalS?: number; readonly timeoutS?: number } = {},
): Promise<RocketChatNode> {
  const broker = new ServiceBroker({
    nodeID,
    transporter: natsUrl,
    serializer: new RocketChatSerializer(),
    errorRegenerator: new RocketChatErrors(),
    logger: false,
    requestTimeout: patient ? 60_000 : 10_000,
    maxCallLevel: 100,
    heartbeatInterval: intervalS,
    heartbeatTimeout: timeoutS,
    registry: { strategy: 'RoundRobin', preferLocal: true },
    skipProcessEventRegistration: true,
  });
  const statuses: StatusCall[] = [];
  const onStatus = (...args: unknown[]) => {
    statuses.push({ ...(args[0] as StatusCall), argumentCount: args.length });
  };
  broker.createService({
    name: 'listener',
    events: {
      'presence.status': { context: true, handler: (ctx: { params: unknown[] }) => onStatus(...ctx.params) },
    },
  });
  for (const service of services) broker.createService(service);
  await broker.start();
  return {
    broker,
    statuses,
    call: (action, ...args) => broker.call(`presence.${action}`, args),
    callAt: (at, action, ...args) => broker.call(`presence.${action}`, args, { nodeID: at }),
    broadcast: (event, ...args) => broker.broadcast(event, args),
    stop: () => broker.stop(),
  };
}
