import { QUARTER_MS, QUARTERS, type DatedDigest } from '../../domain/day-digest';
import type { Breathe } from '../breather';
import { periodNames, PERIODS, type Period } from '../schedules/calendar';

/** Users by the name of the day, week or month (`lib/schedules/calendar`); none: no entry. */
export type ActiveUsers = Readonly<Record<Period, ReadonlyMap<string, number>>>;

/** Between two looks at the clock. */
const USERS_AT_ONCE = 500;

/** Counts who came, went or changed while there, each user once in a day, a week and a month of a time zone. */
export class ActiveTally {
  private readonly tallies: readonly PeriodTally[];

  constructor(timeZone: string) {
    this.tallies = PERIODS.map((period) => new PeriodTally(periodNames(period, timeZone)));
  }

  /** Days must not go back. @param breathe a day may have a hundred thousand users */
  async add(dated: DatedDigest, breathe: Breathe): Promise<void> {
    for (const tally of this.tallies) await tally.add(dated, breathe);
  }

  get counts(): ActiveUsers {
    const [day, week, month] = this.tallies.map(({ counts }) => counts);
    return { day: day!, week: week!, month: month! };
  }
}

/** Of periods that may go on it remembers who was there, of those that are over how many. */
class PeriodTally {
  readonly counts = new Map<string, number>();
  private readonly seen = new Map<string, Set<string>>();

  constructor(private readonly nameOf: (ms: number) => string) {}

  async add({ dayMs, digest }: DatedDigest, breathe: Breathe): Promise<void> {
    const names = Array.from({ length: QUARTERS }, (_, quarter) => this.nameOf(dayMs + quarter * QUARTER_MS));
    const current = new Set(names);
    for (const name of this.seen.keys()) if (!current.has(name)) this.seen.delete(name);
    const one = current.size === 1 ? names[0] : undefined;
    for (const [i, [uid, quarters]] of digest.active.entries()) {
      if (one !== undefined) this.see(one, uid);
      else for (const quarter of quarters) this.see(names[quarter]!, uid);
      if (i % USERS_AT_ONCE === 0) await breathe();
    }
    for (const [name, users] of this.seen) this.counts.set(name, users.size);
  }

  private see(name: string, uid: string): void {
    const users = this.seen.get(name);
    if (users) users.add(uid);
    else this.seen.set(name, new Set([uid]));
  }
}
