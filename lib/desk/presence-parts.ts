import { Outbox } from '../callbacks/outbox';
import type { Config } from '../config/env';
import type { Dropped } from './dropped';
import { HeartbeatNotes } from '../replicas/heartbeat-notes';
import { LeaseMemory } from '../replicas/lease-memory';
import { PresenceDesk, SLICE, type PresenceOptions } from './presence-desk';
import { Reaper } from '../replicas/reaper';
import { Reconciler } from './reconciler';
import { SharedClock } from '../replicas/shared-clock';
import { refreshAfterMs } from '../store/create-store';
import type { PresenceStore } from '../store/port';

export interface PartsOptions extends Pick<PresenceOptions, 'onChanges' | 'onFlush' | 'onRepairs' | 'onWritten'> {
  readonly config: Config;
  readonly store: PresenceStore;
  /** In place of the store's time, epoch milliseconds. */
  readonly clock: (() => number) | undefined;
  /** Tells the other replicas of sessions that were dropped. */
  readonly tellDropped: (dropped: Dropped | 'all') => void;
  readonly warn: (message: string, error: unknown) => void;
}

/** What a presence service consists of: the desk where calls arrive, and what works behind them on the same desk. */
export interface PresenceParts {
  readonly sharedClock: SharedClock;
  readonly clock: () => number;
  readonly outbox: Outbox;
  readonly desk: PresenceDesk;
  readonly reconciler: Reconciler;
  readonly reaper: Reaper;
  readonly heartbeatNotes: HeartbeatNotes;
}

const SECOND = 1000;

export function createParts(options: PartsOptions): PresenceParts {
  const { config, store, onChanges, onFlush, onRepairs, onWritten, warn } = options;
  const sharedClock = new SharedClock(() => store.timeMs());
  const clock = options.clock ?? (() => sharedClock.now());
  const outbox = new Outbox({ store: store.callbacks, isShared: store.isShared });
  const desk = new PresenceDesk({
    store,
    clock,
    maxQueued: config.MAX_QUEUED_CALLS,
    outbox,
    onChanges,
    onFlush,
    onRepairs,
    onWritten,
    leases: store.isShared ? { memory: new LeaseMemory(), refreshAfterMs: refreshAfterMs(config) } : undefined,
    onDropped: options.tellDropped,
  });
  return {
    sharedClock,
    clock,
    outbox,
    desk,
    reconciler: new Reconciler({
      store,
      recompute: (uid) => desk.recompute(uid, 'background'),
      repairs: () => desk.repairs,
      sliceSize: SLICE,
      walkEveryMs: config.SYNC_INTERVAL,
      clock: () => performance.now(),
      giveWay: () => desk.isDropping,
    }),
    reaper: new Reaper({
      store,
      clock,
      leaseMs: config.SESSION_LEASE * SECOND,
      drop: (uid, command) => desk.session(uid, command, 'background'),
    }),
    heartbeatNotes: new HeartbeatNotes(store, (error) => warn('a heartbeat could not be noted', error)),
  };
}
