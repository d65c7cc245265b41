import type { UserRecord } from '../../domain/types';
import type { UserFilter } from './port';

/** Where users are kept: in the order they came, each one in his place for good. */
interface Users {
  readonly size: number;
  values(): Iterable<UserRecord>;
  get(uid: string): UserRecord | undefined;
}

/** Users in the order of their ids, as a database compares ids. Kept, so that a page costs what is on it. */
export class UserOrder {
  private ids: string[] = [];

  constructor(private readonly users: Users) {}

  /** The first users that fit a filter. */
  list(filter: UserFilter, limit: number): UserRecord[] {
    this.takeIn();
    const found: UserRecord[] = [];
    const start = filter.after === undefined ? 0 : firstAfter(this.ids, filter.after);
    for (let i = start; i < this.ids.length && found.length < limit; i++) {
      const user = this.users.get(this.ids[i]!);
      if (user && fits(user, filter)) found.push(user);
    }
    return found;
  }

  /** These users are stored no more. */
  removeAll(uids: readonly string[]): void {
    const gone = new Set(uids);
    this.ids = this.ids.filter((id) => !gone.has(id));
  }

  /** Puts in their places those who came since the last time. */
  private takeIn(): void {
    const known = this.ids.length;
    if (this.users.size === known) return;
    const fresh: string[] = [];
    let at = 0;
    for (const { _id } of this.users.values()) if (at++ >= known) fresh.push(_id);
    fresh.sort(byBytes);
    const merged: string[] = [];
    let next = 0;
    for (const id of this.ids) {
      while (next < fresh.length && byBytes(fresh[next]!, id) < 0) merged.push(fresh[next++]!);
      merged.push(id);
    }
    this.ids = [...merged, ...fresh.slice(next)];
  }
}

function fits({ status, roles = [], presenceChange }: UserRecord, { statuses, role, sinceMs }: UserFilter): boolean {
  if (status === undefined || (statuses && !statuses.includes(status))) return false;
  if (role !== undefined && !roles.includes(role)) return false;
  return sinceMs === undefined || (presenceChange !== undefined && presenceChange.at.getTime() >= sinceMs);
}

function firstAfter(ids: readonly string[], id: string): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byBytes(ids[middle]!, id) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const SURROGATE = /[\ud800-\udfff]/;

/** As UTF-8 sorts, which JavaScript's own order does not where characters have two units. */
export function byBytes(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : Number(a > b);
}
