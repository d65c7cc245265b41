import type { Service, ServiceSchema } from 'moleculer';
import type { PresenceChange } from '../lib/engine';
import type { Config } from '../lib/env';
import { STATUS_EVENT } from '../lib/contract';
import { nodesSeen } from '../lib/nodes';
import { statusEvent } from '../lib/status-event';
import { Untold } from '../lib/untold';
import type { BusService } from './bus-guard.mixin';
import { periodicMixin } from './periodic.mixin';
import type { TalkingService } from './replica-talk.mixin';

export interface TellingService extends TalkingService, BusService {
  /** Tells all nodes of changes; while the bus is away, afterwards. */
  tellStatus(changes: readonly PresenceChange[]): void;
}

const SECOND = 1000;
const LOOK_EVERY_MS = SECOND / 2;
/** Moleculer counts heartbeats in whole seconds. */
const ROUNDING_MS = SECOND;

/**
 * Tells what has changed. The bus keeps nothing for who is not on it, and with the bus back the listeners are not
 * yet: what changed while it was away is told once all nodes are heard of again, after a heartbeat time-out at the latest.
 */
export function tellingMixin(config: Config): Partial<ServiceSchema> {
  const untold = new Untold();
  const patienceMs = config.HEARTBEAT_TIMEOUT * SECOND;
  let upSinceMs: number | undefined;

  const send = (service: TellingService, changes: readonly PresenceChange[]) => {
    for (const change of changes) service.send(STATUS_EVENT, statusEvent(change));
  };

  async function catchUp(service: TellingService): Promise<void> {
    if (untold.size === 0 || service.busState() === 'down') return;
    upSinceMs ??= performance.now();
    const upMs = performance.now() - upSinceMs;
    const allAreBack = nodesSeen(service.broker).every(
      ({ available, silentMs }) => available && silentMs + ROUNDING_MS < upMs,
    );
    if (!allAreBack && upMs < patienceMs) return;
    service.logger.info(`told what changed while the bus was away: ${untold.size} users`);
    send(service, untold.takeAll());
  }

  return {
    mixins: [
      periodicMixin<TellingService>({
        name: 'telling what changed while the bus was away',
        everyMs: LOOK_EVERY_MS,
        run: catchUp,
      }),
    ] as Partial<ServiceSchema>[],
    methods: {
      busWentDown(this: Service) {
        upSinceMs = undefined;
      },
      tellStatus(this: TellingService, changes: readonly PresenceChange[]) {
        for (const change of changes) {
          if (this.busState() === 'down') untold.hold(change);
          // First what came before it: nobody is to miss how the user came to be what he was.
          else send(this, [...untold.take(change.after._id), change]);
        }
      },
    },
  };
}
