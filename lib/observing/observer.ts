import { isShownChange, type PresenceChange } from '../../domain/presence';
import { STATUSES, type UserRecord } from '../../domain/types';
import type { Outbox } from '../callbacks/outbox';
import { HistoryWriter } from '../history/history-writer';
import { asRecord, changed, changeTo, stateOf } from './records';
import type { Observed, ObservedStore } from '../store/observed-port';
import type { PresenceStore, UserListener } from '../store/port';
import { userPages } from '../store/user-pages';

export interface ObserverOptions {
  readonly store: Pick<PresenceStore, 'usersOf' | 'listUsers' | 'history'>;
  readonly observed: ObservedStore;
  readonly outbox: Outbox;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Told of changes that were seen, once they are kept. */
  readonly onChanges: (changes: readonly PresenceChange[]) => void;
  readonly warn: (message: string, error: unknown) => void;
}

const SLICE = 1000;
const OTHERS = STATUSES.filter((status) => status !== 'offline');
const RETRY_AFTER_MS = 500;
/** A stream that tells nothing for this long, not even that there is nothing, is not relied on. */
const LIVE_FOR_MS = 5_000;

/**
 * Sees what others change of users' presence, where Rocket.Chat's core decides: each change is in the history and in the
 * outbox, once, and told. One replica does it (`begin`, `end`). What it has seen is kept, so that what happens while nobody looks is
 * found afterwards, as one change a user. Changes closer together than one read takes, some milliseconds, are one.
 */
export class Observer implements UserListener {
  private readonly history: HistoryWriter;
  private readonly known = new Map<string, Observed>();
  private marked = new Set<string>();
  private looksAtAll = false;
  private isOn = false;
  private hasLoaded = false;
  private begunAt = new Date(0);
  private heardAtMs = -Infinity;
  private running: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  /** For the next attempt. */
  private isWaiting = false;

  constructor(private readonly options: ObserverOptions) {
    this.history = new HistoryWriter(options.store.history);
  }

  /** This replica sees to it from now on. */
  begin(): void {
    if (this.isOn) return;
    [this.isOn, this.hasLoaded] = [true, false];
    this.lookAtAll();
  }

  async end(): Promise<void> {
    [this.isOn, this.isWaiting] = [false, false];
    clearTimeout(this.retry);
    await this.running;
  }

  /** Resolves when there is nothing left to be seen, or it has to be tried again. */
  async settled(): Promise<void> {
    await this.running;
  }

  /** Whether changes are told by the store, and need not be looked for. */
  get isLive(): boolean {
    return performance.now() - this.heardAtMs < LIVE_FOR_MS;
  }

  /** Looks at everybody who is there or was when last seen. */
  lookAtAll(): void {
    this.looksAtAll = true;
    this.wake();
  }

  changed(uid: string): void {
    if (!this.isOn) return;
    this.marked.add(uid);
    this.wake();
  }

  isWanted(): boolean {
    return this.isOn;
  }

  current(): void {
    this.heardAtMs = performance.now();
  }

  lost(): void {
    this.heardAtMs = -Infinity;
    if (this.isOn) this.lookAtAll();
  }

  private wake(): void {
    if (!this.isOn) return;
    if (this.isWaiting) return;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      if (this.looksAtAll || this.marked.size > 0) this.wake();
    });
  }

  private async run(): Promise<void> {
    while (this.isOn && (this.looksAtAll || this.marked.size > 0)) {
      const [all, uids] = [this.looksAtAll, this.marked];
      [this.looksAtAll, this.marked] = [false, new Set()];
      try {
        await this.load();
        if (all) await this.seeAll();
        else await this.see([...uids], await this.options.store.usersOf([...uids]));
      } catch (error) {
        this.looksAtAll ||= all;
        for (const uid of uids) this.marked.add(uid);
        // What was noted may not be kept, and the other way about.
        this.hasLoaded = false;
        this.options.warn('what Rocket.Chat changes could not be seen, it will be tried again', error);
        this.retryLater();
        return;
      }
    }
  }

  private retryLater(): void {
    this.isWaiting = true;
    this.retry = setTimeout(() => {
      this.isWaiting = false;
      this.wake();
    }, RETRY_AFTER_MS).unref();
  }

  /** What was seen before, by whichever replica; and what that one had not kept yet. */
  private async load(): Promise<void> {
    if (this.hasLoaded) return;
    const { observed } = this.options;
    this.known.clear();
    for await (const slice of observed.all(SLICE)) {
      const unkept = slice.filter(({ isKept }) => !isKept);
      for (const one of slice) this.known.set(one._id, one);
      await this.keep(unkept.map(changeTo), unkept);
    }
    this.begunAt = (await observed.begunAt()) ?? (await this.beginAnew());
    this.hasLoaded = true;
  }

  /** Nobody has ever looked: how it is now is no change. */
  private async beginAnew(): Promise<Date> {
    const at = new Date(this.options.clock());
    for await (const users of this.present()) {
      const seen = users.map((user): Observed => ({ ...stateOf(user), rev: 0, isKept: true }));
      await this.options.observed.put(seen);
      for (const one of seen) this.known.set(one._id, one);
    }
    await this.options.observed.noteBegun(at);
    return at;
  }

  private async seeAll(): Promise<void> {
    const gone = new Set([...this.known].filter(([, { status }]) => status !== 'offline').map(([uid]) => uid));
    for await (const users of this.present()) {
      for (const { _id } of users) gone.delete(_id);
      await this.see(
        users.map(({ _id }) => _id),
        new Map(users.map((user) => [user._id, user])),
      );
    }
    const rest = [...gone];
    for (let first = 0; first < rest.length; first += SLICE) {
      const uids = rest.slice(first, first + SLICE);
      await this.see(uids, await this.options.store.usersOf(uids));
    }
  }

  /** Everybody who is not offline, in slices. */
  private present(): AsyncIterable<UserRecord[]> {
    return userPages(this.options.store, { statuses: OTHERS }, SLICE);
  }

  private async see(uids: readonly string[], users: ReadonlyMap<string, UserRecord>): Promise<void> {
    const nowMs = this.options.clock();
    const changes: PresenceChange[] = [];
    const ours: Observed[] = [];
    for (const uid of uids) {
      const user = users.get(uid) ?? { _id: uid, status: 'offline', presenceRev: 0 };
      const before = asRecord(this.known.get(uid) ?? { _id: uid, rev: 0, status: 'offline', isKept: true }, user);
      if (!isShownChange(before, { ...user, status: user.status ?? 'offline' })) continue;
      const known = this.known.get(uid);
      if (this.isOurs(user, known)) ours.push({ ...stateOf(user), rev: known?.rev ?? 0, isKept: true });
      else changes.push({ before, after: changed(before, user, nowMs) });
    }
    const seen = changes.map(({ before, after }): Observed => ({
      ...{ ...stateOf(after), ownRev: users.get(after._id)?.presenceRev ?? 0 },
      ...{ rev: after.presenceRev, at: new Date(nowMs), from: before.status, isKept: false },
    }));
    for (const one of ours) this.known.set(one._id, one);
    if (seen.length + ours.length === 0) return;
    // Noted first: whoever takes over keeps what was noted and not yet kept, under the same number and time.
    await this.options.observed.put([...seen, ...ours]);
    await this.keep(changes, seen);
  }

  /** Whether it was this service that wrote the user since he was last seen, as it does where it is called. */
  private isOurs({ presenceRev, presenceChange }: UserRecord, known: Observed | undefined): boolean {
    if (known) return presenceRev > (known.ownRev ?? 0);
    return presenceChange !== undefined && presenceChange.at >= this.begunAt;
  }

  private async keep(changes: readonly PresenceChange[], seen: readonly Observed[]): Promise<void> {
    if (changes.length === 0) return;
    const { outbox, clock, observed, onChanges } = this.options;
    await Promise.all([this.history.write(changes, clock()), outbox.write(changes, clock())]);
    const kept = seen.map((one): Observed => ({ ...one, isKept: true }));
    for (const one of kept) this.known.set(one._id, one);
    onChanges(changes);
    await observed.put(kept);
  }
}
