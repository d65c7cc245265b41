import type { CalendarHour, Concurrency } from '../../domain/activity';

/** Hours of the same kind: the most people there at once, and what makes the average by the time that each lasted. */
interface Sum {
  peak: number;
  personMs: number;
  ms: number;
}

const HOURS = 24;
const DAYS = 7;

/** What is told of people there by the hour, summed up hour by hour: there may be years of them. */
export class HourTally {
  /** The most people there at once by day, in the order of time. */
  readonly peaks = new Map<string, number>();
  private readonly byHour = new Map<number, Sum>();
  private readonly byPlace = new Map<number, Sum>();

  add(counted: CalendarHour & Concurrency): void {
    const { day, weekday, hour, peak } = counted;
    this.peaks.set(day, Math.max(this.peaks.get(day) ?? 0, peak));
    addTo(this.byHour, hour, counted);
    addTo(this.byPlace, HOURS * (weekday - 1) + hour, counted);
  }

  /** The hours of the day that there were, in order. */
  get ofDay(): (Concurrency & { readonly hour: number })[] {
    const inOrder = [...this.byHour].sort(([a], [b]) => a - b);
    return inOrder.map(([hour, sum]) => ({ hour, peak: sum.peak, average: averageOf(sum) }));
  }

  /** Seven rows from Monday to Sunday, 24 hours each; null for an hour that there was not. */
  get heatMap(): (number | null)[][] {
    return Array.from({ length: DAYS }, (_, day) =>
      Array.from({ length: HOURS }, (__, hour) => {
        const sum = this.byPlace.get(HOURS * day + hour);
        return sum ? averageOf(sum) : null;
      }),
    );
  }
}

function addTo(sums: Map<number, Sum>, key: number, counted: CalendarHour & Concurrency): void {
  const { startMs, endMs, peak, average } = counted;
  const sum = sums.get(key) ?? { peak: 0, personMs: 0, ms: 0 };
  sum.peak = Math.max(sum.peak, peak);
  sum.personMs += average * (endMs - startMs);
  sum.ms += endMs - startMs;
  sums.set(key, sum);
}

/** To two digits. */
function averageOf({ personMs, ms }: Sum): number {
  return Math.round((100 * personMs) / ms) / 100;
}
