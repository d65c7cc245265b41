import type { Context, ServiceSchema } from 'moleculer';
import { MIRRORED_INSTANCE } from '../domain/mirror';
import type { Carried, PresenceDesk } from '../lib/desk/presence-desk';
import type { HeartbeatNotes } from '../lib/replicas/heartbeat-notes';
import { availableNodes } from '../lib/replicas/nodes';
import { actionsOf } from '../lib/wire/action';
import { carriedOf, read } from '../lib/wire/contract';
import type { ReplicaService } from './replica-service';

interface ConnectionsService extends ReplicaService {
  readonly desk: PresenceDesk;
  readonly heartbeatNotes: HeartbeatNotes;
  readonly clock: () => number;
}

/** Logins, logouts and heartbeats of sessions: what ddp-streamer calls. */
export function connectionsMixin(): Partial<ServiceSchema> {
  const action = actionsOf<ConnectionsService>();
  return {
    actions: {
      newConnection: action(
        'newConnection',
        read.newConnection,
        async function ({ uid, session, nodeId }, ctx, carried) {
          if (!uid || !session) return undefined;
          await this.desk.connect(uid, session, nodeId ?? this.callerOf(ctx), carried);
          return { uid, connectionId: session };
        },
        comes,
      ),
      removeConnection: action(
        'removeConnection',
        read.removeConnection,
        async function ({ uid, session }, _ctx, carried) {
          if (!uid || !session) return undefined;
          await this.desk.disconnect(uid, session, carried);
          return { uid, session };
        },
        leaves,
      ),
      updateConnection: action(
        'updateConnection',
        read.updateConnection,
        async function ({ uid, connectionId }, ctx, carried) {
          if (!uid || !connectionId) return undefined;
          const nodeID = this.callerOf(ctx);
          this.heartbeatNotes.heard(nodeID, this.clock());
          await this.desk.heartbeat(uid, connectionId, nodeID, carried);
          return { uid, connectionId };
        },
        comes,
      ),
      setConnectionStatus: action('setConnectionStatus', read.setConnectionStatus, function (given) {
        return this.desk.sessionStatus(given.uid, given.session, given.status);
      }),
      removeLostConnections: action('removeLostConnections', read.removeLostConnections, function ({ nodeID }) {
        return nodeID ? this.desk.dropInstance(nodeID) : this.desk.dropOtherInstances(instancesThere(this));
      }),
    },
  };
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
  const { heard = this.desk.removals.of(session ?? connectionId ?? '') } = carriedOf(this.carriedBy(ctx));
  return { heard, receivedMs: this.clock() };
}

/** Of a logout: its name, given by the first replica that it reaches. */
function leaves(this: ConnectionsService, { session = '' }: OfSession, ctx: Context): Carried {
  const { removal = this.desk.removals.name(session) } = carriedOf(this.carriedBy(ctx));
  return { removal };
}
