import type { Collection, FilterQuery } from 'mongodb';
import { DAY_MS, dayName, dayOf, daysOver, type DatedDigest, type DayDigest } from '../../../domain/day-digest';
import { timeKey, timeOfKey, type HistoryFilter, type HistoryRow } from '../../../domain/history';
import type { Cause, Status } from '../../../domain/types';
import type { HistoryStore, TimeRange } from '../history-port';
import { countsOf, flowOf, quartersOf } from './digest-pipelines';
import { onlyDuplicates } from './bulk';
import type { MongoConnection } from './connection';

export const HISTORY_COLLECTION = 'presence_history';
export const DIGESTS_COLLECTION = 'presence_history_days';

const FIRST_SPAN_MS = DAY_MS;
const SPAN_GROWS = 8;
/** Groups of years may not fit in memory; replies are as long as they may be. */
const LARGE = { allowDiskUse: true, batchSize: 50_000 };
const LONGEST_SPAN_MS = 512 * DAY_MS;

const ERASED_AT_ONCE = 50_000;
const DAYS_AT_ONCE = 64;

/** A text, which a driver reads in a tenth of the time that it takes for thousands of small arrays. */
interface DigestDocument {
  readonly _id: string;
  /** The end of the day, by which it expires. */
  readonly at: Date;
  readonly digest: string;
}

/**
 * The MongoDB twin's history: a collection whose ids sort by time, so that a page is a walk along an index. What is too old
 * goes by the TTL index (indexes.ts).
 */
export class MongoHistory implements HistoryStore {
  /** @param retentionDays 0: nothing is kept */
  constructor(
    private readonly connection: MongoConnection,
    private readonly retentionDays: number,
  ) {}

  get keeps(): boolean {
    return this.retentionDays > 0;
  }

  async append(rows: readonly HistoryRow[], nowMs: number): Promise<void> {
    if (!this.keeps || rows.length === 0) return;
    await this.connection.patiently(async () => {
      try {
        await this.rows().insertMany([...rows], { ordered: false });
      } catch (thrown) {
        // There from an attempt whose answer got lost.
        if (!onlyDuplicates(thrown)) throw thrown;
      }
    });
    await this.forgetDigests(daysOver(rows, nowMs));
  }

  /**
   * Of one user by his index. Of everybody in spans of time that grow, each ending where the last one began: most pages are
   * full after the first, and no database sorts years for it.
   */
  async list(filter: HistoryFilter, limit: number, before?: string): Promise<HistoryRow[]> {
    if (filter.uid !== undefined) return this.find(filter, limit, before);
    const found: HistoryRow[] = [];
    const { fromMs = 0 } = filter;
    let { toMs } = filter; // absent: whatever is newest, which a fast clock may have dated into the future
    let startMs = Math.min(toMs ?? Infinity, before === undefined ? Infinity : timeOfKey(before), Date.now());
    for (let spanMs = FIRST_SPAN_MS; found.length < limit; spanMs *= SPAN_GROWS) {
      startMs = spanMs > LONGEST_SPAN_MS ? fromMs : Math.max(fromMs, startMs - spanMs);
      found.push(...(await this.find({ ...filter, fromMs: startMs, toMs }, limit - found.length, before)));
      if (startMs <= fromMs) break;
      toMs = startMs;
    }
    return found;
  }

  count(filter: HistoryFilter): Promise<number> {
    return this.connection.patiently(() => this.rows().countDocuments(filterOf(filter)));
  }

  async erase(uid: string): Promise<number> {
    const options = { projection: { _id: 1 }, batchSize: ERASED_AT_ONCE };
    const theirs = await this.connection.patiently(() => this.rows().find({ uid }, options).toArray());
    const days = theirs.map(({ _id }) => dayOf(timeOfKey(_id)));
    let erased = 0;
    // Before, for who erases again after a failure finds no rows; and after, for one may have been made in between.
    await this.forgetDigests(days);
    await this.connection.patiently(async () => {
      erased += (await this.rows().deleteMany({ uid })).deletedCount ?? 0;
    });
    await this.forgetDigests(days);
    return erased;
  }

  /** The database does that. */
  async expire(): Promise<void> {}

  /**
   * By the oldest day that is counted and by spans of time, as in `list`: to ask for the first and last of everything makes some
   * databases sort everything.
   */
  async extent(): Promise<TimeRange | undefined> {
    const [newest] = await this.list({}, 1);
    if (!newest) return undefined;
    const counted = await this.connection.patiently(() =>
      this.digests()
        .find({}, { projection: { _id: 1 } })
        .toArray(),
    );
    const firstMs = counted.length > 0 ? Date.parse(counted.map(({ _id }) => _id).sort()[0]!) : undefined;
    const oldest = (await this.oldest(undefined, firstMs)) ?? (await this.oldest(firstMs, firstMs! + DAY_MS));
    const toMs = newest.at.getTime() + 1;
    return { fromMs: oldest?.at.getTime() ?? firstMs ?? toMs, toMs };
  }

  async digest(range: TimeRange): Promise<DayDigest> {
    const asked = <T>(pipeline: object[]) =>
      this.connection.patiently(() => this.rows().aggregate<T>(pipeline, LARGE).toArray());
    const [counts, flow, active] = await Promise.all([
      asked<{ _id: { cause: Cause; to: Status }; changes: number }>(countsOf(range)),
      asked<{ _id: number; delta: number }>(flowOf(range)),
      asked<{ _id: string; quarters: number[] }>(quartersOf(range)),
    ]);
    return {
      rows: counts.reduce((sum, { changes }) => sum + changes, 0),
      counts: counts.map(({ _id: { cause, to }, changes }) => [cause, to, changes]),
      flow: flow.filter(({ delta }) => delta !== 0).map(({ _id, delta }) => [Number(_id), delta]),
      active: active.map(({ _id, quarters }) => [_id, quarters.map(Number).sort((a, b) => a - b)]),
    };
  }

  async *keptDigests({ fromMs, toMs }: TimeRange): AsyncIterable<DatedDigest> {
    for (let startMs = fromMs; startMs < toMs; startMs += DAYS_AT_ONCE * DAY_MS) {
      const endMs = Math.min(toMs, startMs + DAYS_AT_ONCE * DAY_MS);
      // A day in which this begins has begun before.
      const filter = { _id: { $gt: dayName(startMs - 1), $lte: dayName(endMs - 1) } };
      const options = { sort: { _id: 1 }, batchSize: DAYS_AT_ONCE + 1 };
      const found = await this.connection.patiently(() => this.digests().find(filter, options).toArray());
      for (const { _id, digest } of found) {
        const kept = digestIn(digest);
        if (kept) yield { dayMs: Date.parse(_id), digest: kept };
      }
    }
  }

  async keepDigest({ dayMs, digest }: DatedDigest): Promise<void> {
    const document = { _id: dayName(dayMs), at: new Date(dayMs + DAY_MS), digest: JSON.stringify(digest) };
    await this.connection.patiently(() => this.digests().replaceOne({ _id: document._id }, document, { upsert: true }));
    // Rows that come or go forget the digest of their day. Of those that did before it was there, this finds out.
    const rows = await this.count({ fromMs: dayMs, toMs: dayMs + DAY_MS });
    if (rows !== digest.rows) await this.forgetDigests([dayMs]);
  }

  private async forgetDigests(dayMs: readonly number[]): Promise<void> {
    if (dayMs.length === 0) return;
    const days = [...new Set(dayMs)].map(dayName);
    await this.connection.patiently(() => this.digests().deleteMany({ _id: { $in: days } }));
  }

  private find(filter: HistoryFilter, limit: number, before: string | undefined): Promise<HistoryRow[]> {
    const options = { sort: { _id: -1 }, limit, batchSize: limit + 1 };
    return this.connection.patiently(() => this.rows().find(filterOf(filter, before), options).toArray());
  }

  private async oldest(fromMs: number | undefined, toMs: number | undefined): Promise<HistoryRow | undefined> {
    const options = { sort: { _id: 1 as const }, limit: 1 };
    const filter = filterOf({ fromMs, toMs });
    return (await this.connection.patiently(() => this.rows().find(filter, options).toArray()))[0];
  }

  private rows(): Collection<HistoryRow> {
    return this.connection.collection(HISTORY_COLLECTION);
  }

  private digests(): Collection<DigestDocument> {
    return this.connection.collection(DIGESTS_COLLECTION);
  }
}

/** Times are asked of the id: one index serves the order and the range. */
function filterOf({ uid, fromMs, toMs, causes, statuses }: HistoryFilter, before?: string): FilterQuery<HistoryRow> {
  const ends = [toMs === undefined ? undefined : timeKey(toMs), before].filter((end) => end !== undefined).sort();
  const range = {
    ...(fromMs === undefined ? {} : { $gte: timeKey(fromMs) }),
    ...(ends.length === 0 ? {} : { $lt: ends[0] }),
  };
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(Object.keys(range).length === 0 ? {} : { _id: range }),
    ...(causes === undefined ? {} : { cause: { $in: [...causes] } }),
    ...(statuses === undefined ? {} : { to: { $in: [...statuses] } }),
  };
}

/** @returns undefined for one that is damaged: its day is counted anew */
function digestIn(text: unknown): DayDigest | undefined {
  try {
    const digest = JSON.parse(String(text)) as DayDigest | null;
    return Array.isArray(digest?.counts) && Array.isArray(digest.flow) ? digest : undefined;
  } catch {
    return undefined;
  }
}
