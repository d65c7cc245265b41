import { Errors, type Context, type Service, type ServiceSchema } from 'moleculer';
import { PresenceError } from '../lib/errors';

/** Told to the others in the service's metadata: lower ranks joined earlier. */
interface KeeperMetadata {
  keeperRank?: number;
}

interface Replica {
  readonly nodeID: string;
  readonly rank: number;
}

export interface KeeperService extends Service {
  isKeeper(): boolean;
  atKeeper<T>(ctx: Context, action: string, here: () => Promise<T>): Promise<T>;
  callerOf(ctx: Context): string;
}

/** How often a call is handed on anew when its keeper goes away under it. */
const MAX_HANDOVERS = 3;

/**
 * Replicas on one bus whose stores are embedded: the one that joined first is the keeper of the state,
 * the others hand every call on to it, so that any call may reach any replica and all give the same
 * answers. When the keeper goes, the next one takes over with its own store, which heartbeats heal;
 * nothing is replicated (docs/decisions/0003: whoever needs that sets MONGO_URL).
 *
 * The rank is a ticket drawn on joining, not a time: clocks of machines differ.
 *
 * @param onKeeping called when this node becomes the keeper, at the start or by take-over
 */
export function keeperMixin(
  serviceName: string,
  onKeeping: (service: Service) => Promise<void>,
): Partial<ServiceSchema> {
  let keeper: string | undefined;
  let rank: number | undefined;

  function replicas(service: Service): Replica[] {
    return service.broker.registry
      .getServiceList({ onlyAvailable: true })
      .map((entry) => {
        const { name, nodeID, metadata } = entry as unknown as {
          name: string;
          nodeID: string;
          metadata?: KeeperMetadata;
        };
        return { name, nodeID, rank: metadata?.keeperRank };
      })
      .filter((entry): entry is Replica & { name: string } => entry.name === serviceName && entry.rank !== undefined);
  }

  function elect(service: Service): void {
    if (rank === undefined) return;
    const others = replicas(service).filter(({ nodeID }) => nodeID !== service.broker.nodeID);
    const all = [...others, { nodeID: service.broker.nodeID, rank }];
    all.sort((a, b) => a.rank - b.rank || (a.nodeID < b.nodeID ? -1 : 1));
    const elected = all[0]?.nodeID;
    if (elected === keeper) return;
    keeper = elected;
    service.logger.info(elected === service.broker.nodeID ? 'this node keeps the state' : `${elected} keeps the state`);
    if (elected === service.broker.nodeID) {
      onKeeping(service).catch((error: unknown) => service.logger.error('taking over failed', error));
    }
  }

  return {
    events: {
      '$services.changed': {
        context: true,
        handler(this: Service) {
          elect(this);
        },
      },
      '$node.disconnected': {
        context: true,
        handler(this: Service) {
          elect(this);
        },
      },
    },
    methods: {
      isKeeper(this: KeeperService) {
        return keeper === this.broker.nodeID;
      },
      /** Runs the action here when this node is the keeper, else there. */
      async atKeeper<T>(this: KeeperService, ctx: Context, action: string, here: () => Promise<T>): Promise<T> {
        for (let handover = 0; handover <= MAX_HANDOVERS; handover++) {
          if (this.isKeeper()) return here();
          const nodeID = keeper;
          if (!nodeID) break;
          try {
            return await ctx.call<T, unknown>(`${serviceName}.${action}`, ctx.params, {
              nodeID,
              meta: { presenceCaller: this.callerOf(ctx) },
            });
          } catch (error) {
            if (!isGone(error)) throw error;
            elect(this);
          }
        }
        throw new PresenceError('KEEPER_UNAVAILABLE', 'the replica that keeps the state is not reachable, try again');
      },
      /** The node that made the call, also when another replica handed it on. */
      callerOf(this: KeeperService, ctx: Context): string {
        const from = ctx.nodeID ?? this.broker.nodeID;
        const { presenceCaller } = ctx.meta as { presenceCaller?: unknown };
        if (typeof presenceCaller !== 'string') return from;
        return replicas(this).some(({ nodeID }) => nodeID === from) ? presenceCaller : from;
      },
    },
    async started(this: Service) {
      rank = Math.max(0, ...replicas(this).map((replica) => replica.rank)) + 1;
      (this.metadata as KeeperMetadata).keeperRank = rank;
      elect(this);
    },
  };
}

/** The node called went away before it answered. */
function isGone(error: unknown): boolean {
  return error instanceof Errors.RequestRejectedError || error instanceof Errors.ServiceNotFoundError;
}
