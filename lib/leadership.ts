import type { PresenceStore } from './store/port';

export interface LeadershipOptions {
  readonly store: Pick<PresenceStore, 'lead' | 'resign'>;
  /** What is led: one holder at a time for each. */
  readonly job: string;
  /** Unique among replicas. */
  readonly holder: string;
  /** Who does not renew for this long has lost it. */
  readonly ttlMs: number;
  /** Monotonic, milliseconds. */
  readonly upMs?: () => number;
}

/**
 * This replica's claim to a job that one replica does (design invariant 13): a lease in the store, renewed while the
 * process lives. A holder that cannot renew stops believing in it before anybody else can get it: its own time runs
 * from before the store was asked, on a clock that nobody sets.
 */
export class Leadership {
  private heldUntilMs = -Infinity;
  private readonly upMs: () => number;

  constructor(private readonly options: LeadershipOptions) {
    this.upMs = options.upMs ?? (() => performance.now());
  }

  get isHeld(): boolean {
    return this.upMs() < this.heldUntilMs;
  }

  /** Takes or renews the lease. @returns whether this replica has it now and had not before */
  async renew(): Promise<boolean> {
    const { store, job, holder, ttlMs } = this.options;
    const had = this.isHeld;
    const askedAtMs = this.upMs();
    const has = await store.lead(job, holder, ttlMs);
    this.heldUntilMs = has ? askedAtMs + ttlMs : -Infinity;
    return this.isHeld && !had;
  }

  /** Gives it to whoever asks next. */
  async resign(): Promise<void> {
    const had = this.isHeld;
    this.heldUntilMs = -Infinity;
    if (had) await this.options.store.resign(this.options.job, this.options.holder);
  }
}
