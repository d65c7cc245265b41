import type { ClaimRequest } from '../../domain/claims';
import type { Command, CommandResult } from '../../domain/commands';
import type { Arrival, DropInstance, SessionCommand } from '../../domain/sessions';
import type { Identity, Status } from '../../domain/types';
import type { Priority } from './batcher';
import { CommandLanes, LANES_OF_A_DATABASE } from './command-lanes';
import type { PresenceChange } from '../../domain/presence';
import { eachOf } from './each-of';
import { droppedBy, type Dropped } from './dropped';
import { PresenceEngine } from './engine';
import { RemovalNotes } from './removal-notes';
import type { Outbox } from '../callbacks/outbox';
import { PresenceError } from '../wire/errors';
import type { LeaseMemory } from '../replicas/lease-memory';
import type { ConnectionCounts, PresenceStore } from '../store/port';

export interface PresenceOptions {
  readonly store: PresenceStore;
  readonly clock: () => number;
  readonly maxQueued: number;
  readonly outbox?: Outbox;
  /** Told of changes once they are durable, in the order of their revisions. */
  readonly onChanges: (changes: readonly PresenceChange[]) => void;
  /** Told of users whose stored presence was written, or lost a race against another who wrote it. */
  readonly onWritten?: (uids: readonly string[]) => void;
  /** Told how many users were put right for whom nobody had asked for anything else. */
  readonly onRepairs?: (users: number) => void;
  /** Told of each batch once it is answered. */
  readonly onFlush?: (flush: { readonly commands: number; readonly tookMs: number }) => void;
  /** Where replicas share a store: what heartbeats need not ask it. */
  readonly leases?: {
    readonly memory: LeaseMemory;
    /** A lease is not written again before it is this old. */
    readonly refreshAfterMs: number;
  };
  /** Told of dropped sessions once that is durable and before anybody is answered. */
  readonly onDropped?: (dropped: Dropped | 'all') => void;
}

/** What was noted of a call when it came to the first replica. */
export interface Carried extends Arrival {
  /** The name of a removal. */
  readonly removal?: string;
}

/** Of the sessions of an instance. */
export type WhichSessions = Omit<DropInstance, 'kind' | 'instanceId'>;

/** Users of a slice of a walk: enough to fill the flushes, few enough to be no queue of their own. */
export const SLICE = 512;
/** Users of a job that are in the queues at once: while they are carried out the next ones wait. */
const AT_ONCE = 2 * SLICE;

/**
 * The presence of all users, in presence words. Everything that changes something goes through
 * the same lanes; whoever calls (an action, a lost node, the clock) gets the same path and the same answers.
 */
export class PresenceDesk {
  /** Removals that this replica has heard of. */
  readonly removals: RemovalNotes;
  private readonly lanes: CommandLanes;
  private repaired = 0;
  private drops = 0;

  constructor(private readonly options: PresenceOptions) {
    this.removals = new RemovalNotes((named) => options.onDropped?.(named));
    const engine = new PresenceEngine({ ...options, onRepairs: (users) => this.countRepairs(users) });
    this.lanes = new CommandLanes({
      flush: (batch) => this.flush(engine, batch),
      lanes: options.store.isShared ? LANES_OF_A_DATABASE : 1,
      maxQueued: options.maxQueued,
    });
  }

  /** Refuses new calls and waits for those accepted. */
  stop(): Promise<void> {
    return this.lanes.drain();
  }

  /** Calls and commands of jobs that wait. */
  get queued(): number {
    return this.lanes.queued;
  }

  /** How many users have been put right since the start for whom nobody had asked for anything else. */
  get repairs(): number {
    return this.repaired;
  }

  /** @returns whether the session was known before */
  async session(uid: string, session: SessionCommand, priority?: Priority, isKept?: boolean): Promise<boolean> {
    return (await this.lanes.submit({ uid, kind: 'session', session }, priority, isKept)).applied;
  }

  connect(uid: string, session: string, instanceId: string, carried?: Carried): Promise<boolean> {
    const arrival = this.arrivalOf(session, carried);
    return this.session(uid, { kind: 'connect', session, instanceId, ...arrival }, 'live', true);
  }

  async heartbeat(uid: string, session: string, instanceId: string, carried?: Carried): Promise<boolean> {
    const { leases, clock } = this.options;
    if (leases?.memory.knows(uid, session, clock())) return true;
    return this.session(uid, { kind: 'heartbeat', session, instanceId, ...this.arrivalOf(session, carried) });
  }

  disconnect(uid: string, session: string, carried?: Carried): Promise<boolean> {
    const removal = carried?.removal ?? this.removals.name(session);
    this.removals.hear(session, removal);
    return this.session(uid, { kind: 'disconnect', session, removal }, 'live', true);
  }

  sessionStatus(uid: string, session: string, status: Status): Promise<boolean> {
    return this.session(uid, { kind: 'sessionStatus', session, status });
  }

  /** @returns false when the claim is rejected (contract 8.4: C2, C6, C8) or the user unknown */
  async claim(uid: string, claim: ClaimRequest): Promise<boolean> {
    return (await this.lanes.submit({ uid, kind: 'claim', claim })).applied;
  }

  /** Somebody else has written what is shown of a user: it is decided again, and told once in any case. */
  async seenOutside(uid: string): Promise<void> {
    await this.lanes.submit({ uid, kind: 'recompute', outside: true }, 'background');
  }

  /** Decides a user's presence again. @returns false when the user is unknown */
  async recompute(uid: string, priority?: Priority): Promise<boolean> {
    return (await this.lanes.submit({ uid, kind: 'recompute' }, priority)).applied;
  }

  /**
   * Tells who a user is, in a store of our own. @returns whether the user was created
   * @throws PresenceError USERS_NOT_OURS where Rocket.Chat owns the users
   */
  async identify(uid: string, identity: Identity): Promise<boolean> {
    this.refuseTheirs();
    return (await this.lanes.submit({ uid, kind: 'identify', identity })).created;
  }

  /**
   * Ends a user's sessions and claims, and forgets the user in a store of our own. @returns whether the user was known
   * @throws PresenceError USERS_NOT_OURS where Rocket.Chat owns the users
   */
  async remove(uid: string): Promise<boolean> {
    this.refuseTheirs();
    return (await this.lanes.submit({ uid, kind: 'remove' })).known;
  }

  private refuseTheirs(): void {
    if (this.options.store.createsUsers) return;
    throw new PresenceError('USERS_NOT_OURS', 'the users of this database belong to Rocket.Chat');
  }

  /** Whether sessions of instances that are gone are being dropped. */
  get isDropping(): boolean {
    return this.drops > 0;
  }

  /** Drops the sessions of one instance. @returns the users that had one */
  async dropInstance(instanceId: string, which: WhichSessions = {}): Promise<string[]> {
    const owners = await this.options.store.ownersOfInstance(instanceId, which.beforeMs);
    return this.dropOf(owners, { kind: 'dropInstance', instanceId, ...which });
  }

  /** Drops the sessions of every instance not in `keep`. @returns the users that had one */
  async dropOtherInstances(keep: ReadonlySet<string>): Promise<string[]> {
    const owners = await this.options.store.ownersOutside(keep);
    return this.dropOf(owners, { kind: 'dropOtherInstances', keep });
  }

  /** Settles the claims whose time is over. @returns how many users had one */
  async settleExpired(): Promise<number> {
    const uids = await this.options.store.usersExpired(this.options.clock());
    await eachOf(uids, AT_ONCE, (uid) => this.recompute(uid));
    return uids.length;
  }

  /** Lets go of leases remembered that are of no use any more. */
  prune(): void {
    this.options.leases?.memory.prune(this.options.clock());
  }

  /** Another replica has dropped sessions. */
  forgetLeases(sessions: readonly string[] | 'all'): void {
    this.options.leases?.memory.forget(sessions);
  }

  private arrivalOf(session: string, carried: Carried | undefined): Arrival {
    return { ...this.removals.arrivalOf(session, this.options.clock()), ...carried };
  }

  connections(): Promise<ConnectionCounts> {
    return this.options.store.connections(this.options.clock());
  }

  resetPeak(): Promise<void> {
    return this.options.store.resetPeak(this.options.clock());
  }

  private async flush(engine: PresenceEngine, batch: readonly Command[]): Promise<(CommandResult | Error)[]> {
    const startedAt = performance.now();
    const results = await this.carryOut(engine, batch);
    this.options.onFlush?.({ commands: batch.length, tookMs: performance.now() - startedAt });
    return results;
  }

  private async carryOut(engine: PresenceEngine, batch: readonly Command[]): Promise<(CommandResult | Error)[]> {
    const { leases } = this.options;
    const mark = leases?.memory.mark() ?? 0;
    const results = await engine.run(batch);
    this.tellDropped(batch);
    if (!leases) return results;
    batch.forEach((command, i) => {
      const result = results[i]!;
      if (command.kind !== 'session' || result instanceof Error || result.leaseFromMs === undefined) return;
      const { kind } = command.session;
      if (kind !== 'connect' && kind !== 'heartbeat') return;
      leases.memory.remember(command.uid, command.session.session, result.leaseFromMs + leases.refreshAfterMs, mark);
    });
    return results;
  }

  private tellDropped(batch: readonly Command[]): void {
    const dropped = droppedBy(batch);
    if (dropped === 'all' || dropped.sessions.length > 0) this.forgetDropped(dropped);
  }

  private forgetDropped(dropped: Dropped | 'all'): void {
    this.options.leases?.memory.forget(dropped === 'all' ? dropped : dropped.sessions);
    this.options.onDropped?.(dropped);
  }

  private countRepairs(users: number): void {
    this.repaired += users;
    this.options.onRepairs?.(users);
  }

  private async dropOf(owners: readonly string[], command: SessionCommand): Promise<string[]> {
    this.drops += 1;
    const had = await eachOf(owners, AT_ONCE, async (uid) =>
      (await this.session(uid, command, 'background')) ? uid : undefined,
    ).finally(() => (this.drops -= 1));
    if (owners.length > 0 && this.options.leases) this.forgetDropped('all');
    return had.filter((uid) => uid !== undefined);
  }
}
