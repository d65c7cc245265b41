import type { PresenceStore } from '../store/port';

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
  private renewing: Promise<unknown> = Promise.resolve();
  /** Whether it was given to this replica when that last asked. */
  private given = false;
  private resigned = false;
  private readonly upMs: () => number;

  constructor(private readonly options: LeadershipOptions) {
    this.upMs = options.upMs ?? (() => performance.now());
  }

  get isHeld(): boolean {
    return this.upMs() < this.heldUntilMs;
  }

  /** Takes or renews the lease. @returns whether this replica has it now and had not before */
  renew(): Promise<boolean> {
    if (this.resigned) return Promise.resolve(false);
    const renewed = this.ask();
    this.renewing = renewed.catch(() => undefined);
    return renewed;
  }

  /** Gives it to whoever asks next, for good. What is under way is waited for: it may take the lease anew. */
  async resign(): Promise<void> {
    this.resigned = true;
    this.heldUntilMs = -Infinity;
    await this.renewing;
    if (this.given) await this.options.store.resign(this.options.job, this.options.holder);
  }

  private async ask(): Promise<boolean> {
    const { store, job, holder, ttlMs } = this.options;
    const had = this.isHeld;
    const askedAtMs = this.upMs();
    const has = await store.lead(job, holder, ttlMs);
    this.given = has;
    this.heldUntilMs = has && !this.resigned ? askedAtMs + ttlMs : -Infinity;
    return this.isHeld && !had;
  }
}
