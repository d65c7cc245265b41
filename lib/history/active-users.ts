import { QUARTER_MS, QUARTERS, type DatedDigest, type DayDigest } from '../../domain/day-digest';
import { periodNames, PERIODS, type Period } from '../schedules/calendar';

/** Users by the name of the day, week or month (`lib/schedules/calendar`); none: no entry. */
export type ActiveUsers = Readonly<Record<Period, ReadonlyMap<string, number>>>;

/** Counts who came, went or changed while there, each user once in a day, a week and a month of a time zone. */
export class ActiveTally {
  private readonly tallies: readonly PeriodTally[];

  constructor(timeZone: string) {
    this.tallies = PERIODS.map((period) => new PeriodTally(periodNames(period, timeZone)));
  }

  /** Days must not go back. */
  add(dated: DatedDigest): void {
    for (const tally of this.tallies) tally.add(dated);
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

  add({ dayMs, digest }: DatedDigest): void {
    const names = Array.from({ length: QUARTERS }, (_, quarter) => this.nameOf(dayMs + quarter * QUARTER_MS));
    const current = new Set(names);
    for (const name of this.seen.keys()) if (!current.has(name)) this.seen.delete(name);
    if (current.size === 1) this.addAll(names[0]!, digest);
    else for (const [uid, quarters] of digest.active) for (const quarter of quarters) this.see(names[quarter]!, uid);
    for (const [name, users] of this.seen) this.counts.set(name, users.size);
  }

  private addAll(name: string, { active }: DayDigest): void {
    for (const [uid] of active) this.see(name, uid);
  }

  private see(name: string, uid: string): void {
    const users = this.seen.get(name);
    if (users) users.add(uid);
    else this.seen.set(name, new Set([uid]));
  }
}
