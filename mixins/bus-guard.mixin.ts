import type { Service, ServiceSchema } from 'moleculer';
import { BusGuard, type BusState } from '../lib/replicas/bus-guard';

export interface BusService extends Service {
  busGuard: BusGuard;
  /** Whether this node is on the bus, by its own connection. */
  busState(): BusState;
  /** Told when this node has lost the bus. Given by the service if it wants to know. */
  busWentDown?(): void | Promise<void>;
  /** Told once it is back. Given by the service if it wants to know. */
  busCameBack?(): void | Promise<void>;
}

/**
 * Knows whether this node is on the bus, and says in the log and to the service when that changes. Put last
 * in a list of mixins it watches from before the others start until after they have stopped.
 */
export function busGuardMixin(): Partial<ServiceSchema> {
  return {
    events: {
      '$transporter.connected'(this: BusService) {
        this.busGuard.connected();
      },
      '$transporter.disconnected'(this: BusService) {
        this.busGuard.disconnected();
      },
    },
    methods: {
      busState(this: BusService): BusState {
        return this.busGuard.state;
      },
    },
    created(this: Service) {
      const service = this as BusService;
      service.busGuard = new BusGuard(service.broker, {
        onDown: () => {
          service.logger.warn('bus lost: nothing is judged until it is back');
          tell(service, 'busWentDown');
        },
        onUp: (outageMs) => {
          service.logger.warn(`bus back after ${(outageMs / 1000).toFixed(1)} s`);
          tell(service, 'busCameBack');
        },
      });
    },
    async started(this: Service) {
      (this as BusService).busGuard.start();
    },
    async stopped(this: Service) {
      (this as BusService).busGuard.stop();
    },
  };
}

/** What the service does about it is its own affair: the guard goes on watching. */
function tell(service: BusService, method: 'busWentDown' | 'busCameBack'): void {
  const told = async () => service[method]?.();
  told().catch((error: unknown) => service.logger.error(`${method} failed`, error));
}
