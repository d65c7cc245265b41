import type { ServiceSchema } from 'moleculer';
import { actionsOf } from '../lib/wire/action';
import { read } from '../lib/wire/contract';
import type { Config } from '../lib/config/env';
import { PresenceError } from '../lib/wire/errors';
import { explainUser } from '../lib/desk/explain-user';
import type { ReconcileProgress, Reconciler } from '../lib/desk/reconciler';
import { RECONCILE_PROGRESS } from '../lib/repl/reconcile';
import { askReplicas, type Replica, type ReplicaState } from '../lib/replicas/replicas';
import type { Role } from '../lib/replicas/role';
import { throttled } from '../lib/throttled';
import type { LivenessService } from './liveness.mixin';
import type { TalkingService } from './replica-talk.mixin';

interface OperatedService extends LivenessService, TalkingService {
  readonly desk: LivenessService['desk'];
  readonly store: LivenessService['store'];
  readonly reconciler: Reconciler;
  readonly role: Role;
}

const SECOND = 1000;
const PROGRESS_EVERY_MS = SECOND;

/** What operators ask: why is somebody shown so, and put everybody right. */
export function operatorMixin(config: Config): Partial<ServiceSchema> {
  const action = actionsOf<OperatedService>();
  const leaseMs = config.SESSION_LEASE * SECOND;
  return {
    actions: {
      /** Why a user is shown as he is. @returns what is stored, what follows from it, and by which rule; `known: false` for nobody */
      explain: action('explain', read.uid, async function ({ uid }) {
        const { store, broker } = this;
        const vigilMs = this.vigil.lastedMs(performance.now());
        return explainUser({ store, broker, isOwner: this.mayWork(), nowMs: this.clock(), leaseMs, vigilMs }, uid);
      }),
      /** Decides everybody again who has sessions or is shown as anything but offline. @returns what was checked and put right */
      reconcile: action('reconcile', read.nothing, async function () {
        if (!this.mayWork()) throw new PresenceError('NOT_OWNER', 'Rocket.Chat’s core decides presence here');
        return reconcile(this);
      }),
      /** What this very node is; not handed on to the one that keeps the state. */
      replica: {
        handler(this: OperatedService): ReplicaState {
          return { role: this.role, leader: this.isLeader() };
        },
      },
      /** Every node of the bus that serves presence, and what each is. */
      replicas: {
        handler(this: OperatedService): Promise<Replica[]> {
          return askReplicas(this.broker);
        },
      },
    },
  };
}

async function reconcile(service: OperatedService): Promise<ReconcileProgress & { readonly tookMs: number }> {
  const startedAt = performance.now();
  const { online, away, busy } = await service.store.statusCounts();
  const tell = throttled(PROGRESS_EVERY_MS, (progress: ReconcileProgress) => {
    service.send(RECONCILE_PROGRESS, [{ ...progress, total: online + away + busy }]);
    service.logger.info(`reconciling: ${progress.checked} users checked, ${progress.repaired} put right`);
  });
  const outcome = await service.reconciler.full(tell);
  return { ...outcome, tookMs: Math.round(performance.now() - startedAt) };
}
