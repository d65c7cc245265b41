import { randomBytes } from 'node:crypto';
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import type { Schedule } from '../../../domain/schedule';
import type { ScheduleSettled, ScheduleStore } from '../schedule-port';
import { isDuplicate } from './errors';
import type { MongoConnection } from './connection';

export const SCHEDULES_COLLECTION = 'presence_schedules';

/** Whoever takes a schedule that is due says so in it. */
interface ScheduleDocument extends Schedule {
  readonly takenBy?: string;
  readonly takenUntil?: Date;
}

const NOT_TAKEN = { takenBy: true, takenUntil: true } as const;
const UNTAKEN = { projection: { takenBy: 0, takenUntil: 0 } };
/** Fields of a schedule that its steps change. */
const STEPPED = ['running', 'next', 'dueAt'] as const;

/** The MongoDB twin's schedules, a collection of this service's own. */
export class MongoSchedules implements ScheduleStore {
  private readonly self = randomBytes(6).toString('base64url');
  private takes = 0;

  constructor(private readonly connection: MongoConnection) {}

  add(schedule: Schedule): Promise<void> {
    return this.connection.patiently(async () => {
      try {
        await this.schedules().insertOne({ ...schedule });
      } catch (thrown) {
        // There from an attempt whose answer got lost: ids are never used twice.
        if (!isDuplicate(thrown)) throw thrown;
      }
    });
  }

  async removeOf(uids: readonly string[]): Promise<void> {
    await this.connection.patiently(() => this.schedules().deleteMany({ uid: { $in: [...uids] } }));
  }

  async remove(uid: string, id: string): Promise<boolean> {
    let removed = 0;
    await this.connection.patiently(async () => {
      removed += (await this.schedules().deleteOne({ _id: id, uid })).deletedCount ?? 0;
    });
    return removed > 0;
  }

  of(uid: string): Promise<Schedule[]> {
    return this.connection.patiently(() =>
      this.schedules()
        .find({ uid }, { ...UNTAKEN, sort: { dueAt: 1, _id: 1 } })
        .toArray(),
    );
  }

  async takeDue(nowMs: number, forMs: number, limit: number): Promise<Schedule[]> {
    const now = new Date(nowMs);
    const isFree = { dueAt: { $lte: now }, $or: [{ takenUntil: null }, { takenUntil: { $lte: now } }] } as object;
    const takenBy = `${this.self}.${this.takes++}`;
    const taken = { $set: { takenBy, takenUntil: new Date(nowMs + forMs) } };
    const sort = { dueAt: 1, _id: 1 } as const;
    const ids = new Set<string>();
    return this.connection.patiently(async () => {
      const free = await this.schedules()
        .find(isFree, { projection: { _id: 1 }, sort, limit })
        .toArray();
      for (const { _id } of free) ids.add(_id); // besides those of an attempt whose answer got lost
      if (ids.size === 0) return [];
      const these = { _id: { $in: [...ids] } };
      await this.schedules().updateMany({ ...these, ...isFree }, taken);
      return this.schedules()
        .find({ ...these, takenBy }, { ...UNTAKEN, sort })
        .toArray();
    });
  }

  async settle(settled: readonly ScheduleSettled[]): Promise<ReadonlySet<string>> {
    if (settled.length === 0) return new Set();
    return this.connection.patiently(async () => {
      const { matchedCount = 0, deletedCount = 0 } = await this.schedules().bulkWrite(settled.map(statementOf), {
        ordered: false,
      });
      if (matchedCount + deletedCount === settled.length) return new Set<string>();
      const going = settled.filter(({ after }) => after).map(({ before }) => before._id);
      const there = await this.schedules()
        .find({ _id: { $in: going } }, { projection: { _id: 1 } })
        .toArray();
      const left = new Set(there.map(({ _id }) => _id));
      return new Set(going.filter((id) => !left.has(id)));
    });
  }

  private schedules(): Collection<ScheduleDocument> {
    return this.connection.collection(SCHEDULES_COLLECTION);
  }
}

/** Only of a schedule that is as it was taken: another replica may have taken it too, and be further on. */
function statementOf({ before, after }: ScheduleSettled): AnyBulkWriteOperation<ScheduleDocument> {
  const filter = { _id: before._id, dueAt: before.dueAt };
  if (!after) return { deleteOne: { filter } };
  const set: Record<string, unknown> = {};
  const unset: Record<string, true> = { ...NOT_TAKEN };
  for (const field of STEPPED) {
    if (after[field] === undefined) unset[field] = true;
    else set[field] = after[field];
  }
  return { updateOne: { filter, update: { $set: set, $unset: unset } } };
}
