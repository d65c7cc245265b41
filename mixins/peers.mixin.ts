import type { Context, Service, ServiceSchema } from 'moleculer';
import type { Config } from '../lib/config/env';
import { Leadership } from '../lib/replicas/leadership';
import { roleOf } from '../lib/replicas/role';
import type { PresenceStore } from '../lib/store/port';
import { leaderMixin } from './leader.mixin';
import type { ReplicaService } from './replica-service';

const SECOND = 1000;
const SHORTEST_LEAD_MS = SECOND;
const LONGEST_LEAD_MS = 30 * SECOND;
const RENEWALS_PER_LEAD = 3;

/**
 * Replicas on a shared database are all equal: each carries out what it is called for, and one of them leads. Offers
 * what the keeper mixin offers replicas whose stores are their own. An observer only does what it is called for.
 */
export function peersMixin(store: PresenceStore, config: Config): Partial<ServiceSchema> {
  // A leader that died is followed by another within a step of the reconciler, whose walk that one then begins.
  const ttlMs = Math.min(Math.max(config.SYNC_INTERVAL, SHORTEST_LEAD_MS), LONGEST_LEAD_MS);
  // Asked once the store is open, and for good: whoever starts as an observer stays one.
  let owner: boolean | undefined;
  const isOwner = () => (owner ??= roleOf(config, store) === 'owner');
  return {
    mixins: [
      leaderMixin({
        // Observers have a leader of their own, so that one of them beside owners keeps nobody from leading these.
        leadership: ({ name, broker }) =>
          new Leadership({ store, job: isOwner() ? name : `${name}-observer`, holder: broker.nodeID, ttlMs }),
        renewEveryMs: ttlMs / RENEWALS_PER_LEAD,
      }),
    ] as Partial<ServiceSchema>[],
    methods: {
      mayWork: isOwner,
      isLeader(this: ReplicaService): boolean {
        return isOwner() && this.tends();
      },
      atKeeper<T>(this: Service, _ctx: Context, _action: string, here: () => Promise<T>): Promise<T> {
        return here();
      },
    },
  };
}
