import type { Context, Service, ServiceSchema } from 'moleculer';
import { PresenceError } from '../lib/wire/errors';
import { KeeperElection } from '../lib/replicas/keeper-election';
import { tellMissed } from './change-hook';
import type { ReplicaService } from './replica-service';

export interface KeeperService extends ReplicaService {
  election: KeeperElection;
  elect(): void;
}

/** How often a call is handed on anew when its keeper goes away under it. */
const MAX_HANDOVERS = 3;
const GONE: ReadonlySet<unknown> = new Set([
  'REQUEST_REJECTED',
  'SERVICE_NOT_FOUND',
  'SERVICE_NOT_AVAILABLE',
  'STOPPING',
]);

/**
 * Replicas on one bus whose stores are embedded: one of them is the keeper of the state, the others hand
 * every call on to it, so that any call may reach any replica and all give the same answers. When the
 * keeper goes, the next one takes over with its own store, which heartbeats heal; nothing is replicated
 * (docs/decisions/0003: whoever needs that sets MONGO_URL).
 */
export const keeperMixin: Partial<ServiceSchema> = {
  events: {
    '$services.changed': { context: true, handler: electHere },
    '$node.disconnected': { context: true, handler: electHere },
  },
  methods: { isLeader: isKeeper, tends: isKeeper, mayWork: isKeeper, elect, atKeeper },
  created(this: Service) {
    (this as KeeperService).election = new KeeperElection(this.broker, this.name);
  },
  async started(this: Service) {
    const service = this as KeeperService;
    service.election.join(service.metadata);
    service.elect();
  },
};

function electHere(this: KeeperService): void {
  this.elect();
}

function isKeeper(this: KeeperService): boolean {
  return this.election.isHere;
}

function elect(this: KeeperService): void {
  if (!this.election.elect()) return;
  tellMissed(this, 'keeper');
  this.logger.info(this.isLeader() ? 'this node keeps the state' : `${this.election.keeper} keeps the state`);
  if (!this.isLeader()) return;
  this.takeOver().catch((error: unknown) => this.logger.error('taking over failed', error));
}

/** Runs the action here when this node is the keeper, else there. @param action its full name @throws PresenceError KEEPER_UNAVAILABLE */
function atKeeper<T>(
  this: KeeperService,
  ctx: Context,
  action: string,
  here: () => Promise<T>,
  carried?: object,
): Promise<T> {
  return this.election.isHere ? here() : handOn(this, ctx, { action, here, carried });
}

interface Handed<T> {
  readonly action: string;
  readonly here: () => Promise<T>;
  readonly carried: object | undefined;
}

async function handOn<T>(service: KeeperService, ctx: Context, { action, here, carried }: Handed<T>): Promise<T> {
  for (let handover = 0; handover < MAX_HANDOVERS; handover++) {
    const { isHere, keeper: nodeID } = service.election;
    if (isHere) return here();
    if (!nodeID) break;
    try {
      return await ctx.call<T, unknown>(action, ctx.params, {
        nodeID,
        meta: { presenceCaller: service.callerOf(ctx), presenceCarried: carried },
      });
    } catch (error) {
      if (!isGone(error)) throw error;
      service.elect();
    }
  }
  throw new PresenceError('KEEPER_UNAVAILABLE', 'the replica that keeps the state is not reachable, try again');
}

/** The node called went away before it answered, or is about to. */
function isGone(error: unknown): boolean {
  return GONE.has((error as { type?: unknown }).type);
}
