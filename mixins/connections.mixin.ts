import type { Context, Service, ServiceSchema } from 'moleculer';
import { MIRRORED_INSTANCE } from '../domain/mirror';
import type { Config } from '../lib/config/env';
import type { Carried, PresenceDesk } from '../lib/desk/presence-desk';
import type { HeartbeatNotes } from '../lib/replicas/heartbeat-notes';
import { KeptCalls } from '../lib/replicas/kept-calls';
import { anotherReplica } from '../lib/replicas/known-replicas';
import { availableNodes } from '../lib/replicas/nodes';
import { throttled } from '../lib/throttled';
import { actionsOf } from '../lib/wire/action';
import { carriedOf, read } from '../lib/wire/contract';
import { asError } from '../lib/wire/errors';
import type { ReplicaService } from './replica-service';

export interface ConnectionsService extends ReplicaService {
  readonly desk: PresenceDesk;
  readonly heartbeatNotes: HeartbeatNotes;
  readonly clock: () => number;
  keptCalls: KeptCalls;
  warnOfBadCalls: (message: string) => void;
}

const SECOND = 1000;
const WARN_EVERY_MS = 60 * SECOND;

const action = actionsOf<ConnectionsService>();

/** Logins, logouts and heartbeats of sessions: what ddp-streamer calls. */
export function connectionsMixin(config: Config): Partial<ServiceSchema> {
  return {
    actions: {
      newConnection: kept('newConnection', read.newConnection, comes, login),
      removeConnection: kept('removeConnection', read.removeConnection, leaves, logout),
      updateConnection: action('updateConnection', read.updateConnection, heartbeat, comes),
      setConnectionStatus: action('setConnectionStatus', read.setConnectionStatus, function (given) {
        return this.desk.sessionStatus(given.uid, given.session, given.status);
      }),
      removeLostConnections: action('removeLostConnections', read.removeLostConnections, function ({ nodeID }) {
        return nodeID ? this.desk.dropInstance(nodeID) : this.desk.dropOtherInstances(instancesThere(this));
      }),
    },
    created(this: Service) {
      const service = this as ConnectionsService;
      // Moleculer's types do not know that a broker stops.
      const broker = this.broker as Service['broker'] & { readonly stopping?: boolean };
      service.warnOfBadCalls = throttled(WARN_EVERY_MS, (message) => this.logger.warn(message));
      service.keptCalls = new KeptCalls({
        isStopping: () => broker.stopping === true,
        timeoutMs: config.REQUEST_TIMEOUT * SECOND,
      });
    },
  };
}

async function login(
  this: ConnectionsService,
  { uid, session, nodeId }: ReturnType<typeof read.newConnection>,
  ctx: Context,
  carried?: Carried,
) {
  if (!uid || !session) return undefined;
  await this.desk.connect(uid, session, nodeId ?? this.callerOf(ctx), carried);
  return { uid, connectionId: session };
}

async function logout(
  this: ConnectionsService,
  { uid, session }: ReturnType<typeof read.removeConnection>,
  _ctx: Context,
  carried?: Carried,
) {
  if (!uid || !session) return undefined;
  await this.desk.disconnect(uid, session, carried);
  return { uid, session };
}

async function heartbeat(
  this: ConnectionsService,
  { uid, connectionId }: ReturnType<typeof read.updateConnection>,
  ctx: Context,
  carried?: Carried,
) {
  if (!uid || !connectionId) return undefined;
  const nodeID = this.callerOf(ctx);
  this.heartbeatNotes.heard(nodeID, this.clock());
  await this.desk.heartbeat(uid, connectionId, nodeID, carried);
  return { uid, connectionId };
}

/**
 * An action whose rejection ends the genuine ddp-streamer. Bad arguments answer nothing, as empty ones do, and are logged; what
 * cannot be done now is tried for as long as the caller waits, or handed on by a replica that stops.
 */
function kept<A, R>(
  name: string,
  readArguments: (params: unknown) => A,
  arrive: (this: ConnectionsService, args: A, ctx: Context) => Carried,
  run: (this: ConnectionsService, args: A, ctx: Context, carried?: Carried) => Promise<R>,
) {
  return {
    async handler(this: ConnectionsService, ctx: Context): Promise<R | undefined> {
      const args = readOrWarn(this, ctx, name, readArguments);
      if (args === undefined) return undefined;
      const carried = arrive.call(this, args, ctx);
      const fullName = `${this.name}.${name}`;
      return this.keptCalls.run<R>({
        timeoutMs: ctx.options.timeout,
        attempt: () => this.atKeeper(ctx, fullName, () => run.call(this, args, ctx, carried), carried),
        passOn: () => {
          const nodeID = anotherReplica(this.broker);
          if (nodeID === undefined) return undefined;
          const meta = { presenceCaller: this.callerOf(ctx), presenceCarried: carried };
          return ctx.call<R, unknown>(fullName, ctx.params, { nodeID, meta });
        },
      });
    },
  };
}

function readOrWarn<A>(
  service: ConnectionsService,
  ctx: Context,
  name: string,
  readArguments: (params: unknown) => A,
): A | undefined {
  try {
    return readArguments(ctx.params);
  } catch (thrown) {
    service.warnOfBadCalls(`${name} of ${service.callerOf(ctx)} does nothing: ${asError(thrown).message}`);
    return undefined;
  }
}

/** Instances whose sessions are none of a lost node. */
function instancesThere({ broker }: ConnectionsService): ReadonlySet<string> {
  return availableNodes(broker).add(MIRRORED_INSTANCE);
}

interface OfSession {
  readonly session?: string;
  readonly connectionId?: string;
}

/** Of a login or heartbeat: the removals that the first replica had heard of when it came, and when that was. */
function comes(this: ConnectionsService, { session, connectionId }: OfSession, ctx: Context): Carried {
  const here = this.desk.removals.arrivalOf(session ?? connectionId ?? '', this.clock());
  const { heard, hearsSinceMs } = carriedOf(this.carriedBy(ctx));
  return heard ? { receivedMs: here.receivedMs, heard, hearsSinceMs } : here;
}

/** Of a logout: its name, given by the first replica that it reaches. */
function leaves(this: ConnectionsService, { session = '' }: OfSession, ctx: Context): Carried {
  const { removal = this.desk.removals.name(session) } = carriedOf(this.carriedBy(ctx));
  return { removal };
}
