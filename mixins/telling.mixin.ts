import type { Service, ServiceSchema } from 'moleculer';
import { STATUS_EVENT } from '../lib/wire/contract';
import type { PresenceChange } from '../domain/presence';
import type { Config } from '../lib/config/env';
import { nodesSeen } from '../lib/replicas/nodes';
import { statusEvent } from '../lib/wire/status-event';
import { Teller } from '../lib/wire/teller';
import type { BusService } from './bus-guard.mixin';
import { periodicMixin } from './periodic.mixin';
import type { TalkingService } from './replica-talk.mixin';

export interface TellingService extends TalkingService, BusService {
  teller: Teller;
  /** Tells all nodes of changes; while the bus is away, afterwards. */
  tellStatus(changes: readonly PresenceChange[]): void;
}

const SECOND = 1000;
const LOOK_EVERY_MS = SECOND / 2;

/** Tells what has changed: at once, or, when the bus was away, once all nodes are heard of again. */
export function tellingMixin(config: Config): Partial<ServiceSchema> {
  return {
    mixins: [
      periodicMixin<TellingService>({
        name: 'telling what changed while the bus was away',
        everyMs: LOOK_EVERY_MS,
        run: async (service) => {
          const { teller, broker, logger } = service;
          const told = teller.look(service.busState() !== 'down', nodesSeen(broker), performance.now());
          if (told !== undefined) logger.info(`told what changed while the bus was away: ${told} users`);
        },
      }),
    ] as Partial<ServiceSchema>[],
    methods: {
      busWentDown(this: TellingService) {
        this.teller.busWentDown();
      },
      tellStatus(this: TellingService, changes: readonly PresenceChange[]) {
        this.teller.tell(changes);
      },
    },
    created(this: Service) {
      const service = this as TellingService;
      const send = (change: PresenceChange) => service.send(STATUS_EVENT, statusEvent(change));
      service.teller = new Teller(send, config.HEARTBEAT_TIMEOUT * SECOND);
    },
  };
}
