import type { Schedule } from '../../domain/schedule';
import { Turns } from '../turns';
import type { Availability } from './availability';
import { DocumentFile } from './document-file';
import type { ScheduleSettled, ScheduleStore } from './schedule-port';

/** The embedded twin's schedules: one process, so that nobody else could take one. */
export class EmbeddedSchedules implements ScheduleStore {
  private readonly file: DocumentFile<Schedule>;
  /** Nothing is due before, epoch milliseconds: they are looked through only then. */
  private soonestMs = -Infinity;
  private readonly turns = new Turns();

  /** @param filename absent: kept in memory only */
  constructor(filename?: string, availability?: Availability) {
    this.file = new DocumentFile(filename, availability);
  }

  open(): Promise<void> {
    return this.file.open();
  }

  close(): Promise<void> {
    return this.turns.take(() => this.file.close());
  }

  add(schedule: Schedule): Promise<void> {
    return this.turns.take(async () => {
      await this.file.putAll([schedule]);
      this.soonestMs = Math.min(this.soonestMs, schedule.dueAt.getTime());
    });
  }

  remove(uid: string, id: string): Promise<boolean> {
    return this.turns.take(async () => {
      if (this.file.get(id)?.uid !== uid) return false;
      await this.file.removeAll([id]);
      return true;
    });
  }

  removeOf(uids: readonly string[]): Promise<void> {
    const theirs = new Set(uids);
    const isTheirs = ({ uid }: Schedule) => theirs.has(uid);
    return this.turns.take(() => this.file.eraseAll([...this.file.values()].filter(isTheirs).map(({ _id }) => _id)));
  }

  async of(uid: string): Promise<Schedule[]> {
    return [...this.file.values()].filter((schedule) => schedule.uid === uid).sort(byDue);
  }

  async takeDue(nowMs: number, _forMs: number, limit: number): Promise<Schedule[]> {
    if (nowMs < this.soonestMs) return [];
    const due: Schedule[] = [];
    let soonestMs = Infinity;
    for (const schedule of this.file.values()) {
      const dueMs = schedule.dueAt.getTime();
      if (dueMs <= nowMs) due.push(schedule);
      else soonestMs = Math.min(soonestMs, dueMs);
    }
    // What is due stays so until it is settled.
    this.soonestMs = due.length > 0 ? -Infinity : soonestMs;
    return due.sort(byDue).slice(0, limit);
  }

  settle(settled: readonly ScheduleSettled[]): Promise<ReadonlySet<string>> {
    return this.turns.take(async () => {
      const isThere = ({ before }: ScheduleSettled) => this.file.get(before._id) !== undefined;
      const [there, gone] = [settled.filter(isThere), settled.filter((one) => !isThere(one))];
      await this.file.putAll(there.flatMap(({ after }) => after ?? []));
      await this.file.removeAll(there.filter(({ after }) => !after).map(({ before }) => before._id));
      return new Set(gone.map(({ before }) => before._id));
    });
  }
}

function byDue(a: Schedule, b: Schedule): number {
  return a.dueAt.getTime() - b.dueAt.getTime() || (a._id < b._id ? -1 : 1);
}
