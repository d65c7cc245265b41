import type { Collection, FilterQuery } from 'mongodb';
import type { Flow } from '../../../domain/activity';
import { timeKey, timeOfKey, type HistoryFilter, type HistoryRow } from '../../../domain/history';
import type { Period } from '../../calendar';
import type { ActiveUsers, HistoryStore, TimeRange } from '../history-port';
import { activeUsersPipeline, flowPipeline } from './activity-pipelines';
import { onlyDuplicates } from './bulk';
import type { MongoConnection } from './connection';

export const HISTORY_COLLECTION = 'presence_history';

const DAY_MS = 24 * 60 * 60_000;
const FIRST_SPAN_MS = DAY_MS;
const SPAN_GROWS = 8;
/** Groups of years may not fit in memory; replies are as long as they may be. */
const LARGE = { allowDiskUse: true, batchSize: 50_000 };
const LONGEST_SPAN_MS = 512 * DAY_MS;

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

  async append(rows: readonly HistoryRow[]): Promise<void> {
    if (!this.keeps || rows.length === 0) return;
    await this.connection.patiently(async () => {
      try {
        await this.rows().insertMany([...rows], { ordered: false });
      } catch (thrown) {
        // There from an attempt whose answer got lost.
        if (!onlyDuplicates(thrown)) throw thrown;
      }
    });
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
    let erased = 0;
    await this.connection.patiently(async () => {
      erased += (await this.rows().deleteMany({ uid })).deletedCount ?? 0;
    });
    return erased;
  }

  async activeUsers(range: TimeRange, timeZone: string): Promise<ActiveUsers> {
    const count = (period: Period) =>
      this.connection.patiently(async () => {
        const found = await this.rows()
          .aggregate<{ _id: string; users: number }>(activeUsersPipeline(range, period, timeZone), LARGE)
          .toArray();
        return new Map(found.map(({ _id, users }) => [_id, users]));
      });
    const [day, week, month] = await Promise.all([count('day'), count('week'), count('month')]);
    return { day, week, month };
  }

  flow(range: TimeRange, stepMs: number): Promise<Flow[]> {
    return this.connection.patiently(async () => {
      const found = await this.rows()
        .aggregate<{ _id: number; delta: number }>(flowPipeline(range, stepMs), LARGE)
        .toArray();
      return found.map(({ _id, delta }) => ({ atMs: Number(_id), delta }));
    });
  }

  /** The database does that. */
  async expire(): Promise<void> {}

  private find(filter: HistoryFilter, limit: number, before: string | undefined): Promise<HistoryRow[]> {
    const options = { sort: { _id: -1 }, limit, batchSize: limit + 1 };
    return this.connection.patiently(() => this.rows().find(filterOf(filter, before), options).toArray());
  }

  private rows(): Collection<HistoryRow> {
    return this.connection.collection(HISTORY_COLLECTION);
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
