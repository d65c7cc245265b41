import { DAY_MS, dayOf, OVER_AFTER_MS, type DatedDigest, type DayDigest } from '../../domain/day-digest';
import type { HistoryFilter } from '../../domain/history';
import { breather } from '../breather';
import type { HistoryStore, TimeRange } from '../store/history-port';

/** A day or a part of one; with the digest that is kept of it, if it is a whole one and there is one. */
interface Stretch extends TimeRange {
  readonly dayMs: number;
  readonly isWhole: boolean;
  readonly digest?: DayDigest;
}

/** What there is of history in a stretch of time, day by day in order. */
async function* stretches(history: HistoryStore, range: TimeRange): AsyncGenerator<Stretch> {
  const extent = await history.extent();
  if (!extent) return;
  const fromMs = Math.max(range.fromMs, extent.fromMs);
  const toMs = Math.min(range.toMs, extent.toMs);
  const kept = history.keptDigests({ fromMs, toMs })[Symbol.asyncIterator]();
  const breathe = breather();
  try {
    let next = await kept.next();
    for (let dayMs = dayOf(fromMs); dayMs < toMs; dayMs += DAY_MS) {
      const stretch = { dayMs, fromMs: Math.max(fromMs, dayMs), toMs: Math.min(toMs, dayMs + DAY_MS) };
      while (!next.done && next.value.dayMs < dayMs) next = await kept.next();
      const isWhole = stretch.toMs - stretch.fromMs === DAY_MS;
      const digest = isWhole && !next.done && next.value.dayMs === dayMs ? next.value.digest : undefined;
      yield { ...stretch, isWhole, digest };
      await breathe(); // there may be years of days, and all of them in memory
    }
  } finally {
    await kept.return?.();
  }
}

/** Digests of a stretch of time, in order. What is counted anew of days that are over is kept for the next who asks. */
export async function* digestsOf(history: HistoryStore, range: TimeRange, nowMs: number): AsyncGenerator<DatedDigest> {
  for await (const stretch of stretches(history, range)) {
    const { dayMs, digest } = stretch;
    yield { dayMs, digest: digest ?? (await digestNow(history, stretch, nowMs)) };
  }
}

/** How many rows there are. Those of days that are over are not counted again. */
export async function countRows(history: HistoryStore, filter: HistoryFilter): Promise<number> {
  if (filter.uid !== undefined) return history.count(filter);
  const { fromMs = -Infinity, toMs = Infinity, causes, statuses } = filter;
  let count = 0;
  for await (const { digest, ...stretch } of stretches(history, { fromMs, toMs })) {
    if (!digest) {
      count += await history.count({ causes, statuses, fromMs: stretch.fromMs, toMs: stretch.toMs });
      continue;
    }
    for (const [cause, to, changes] of digest.counts) {
      if ((!causes || causes.includes(cause)) && (!statuses || statuses.includes(to))) count += changes;
    }
  }
  return count;
}

/** Makes the digests that are missing of days that are over. @returns how many those were */
export async function keepDigests(history: HistoryStore, nowMs: number): Promise<number> {
  let made = 0;
  for await (const stretch of stretches(history, { fromMs: -Infinity, toMs: Infinity })) {
    if (stretch.digest || !isToBeKept(history, stretch, nowMs)) continue;
    await digestNow(history, stretch, nowMs);
    made += 1;
  }
  return made;
}

async function digestNow(history: HistoryStore, stretch: Stretch, nowMs: number): Promise<DayDigest> {
  const { dayMs, fromMs, toMs } = stretch;
  const digest = await history.digest({ fromMs, toMs });
  if (!isToBeKept(history, stretch, nowMs)) return digest;
  await history.keepDigest({ dayMs, digest });
  return digest;
}

function isToBeKept({ keeps }: HistoryStore, { isWhole, toMs }: Stretch, nowMs: number): boolean {
  return keeps && isWhole && toMs + OVER_AFTER_MS <= nowMs;
}
