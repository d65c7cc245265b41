/** What something of an outbox is waited for by. */
export interface Due {
  readonly _id: string;
  readonly dueAt: Date;
}

/** What is due first first; of what is due at once the lesser id. */
export function byDue(a: Due, b: Due): number {
  return a.dueAt.getTime() - b.dueAt.getTime() || (a._id < b._id ? -1 : Number(a._id > b._id));
}

/**
 * Rows in the order they are due: a binary heap, so that of a long backlog no more is looked at than is asked for. It holds what it was
 * given, also what has gone or changed since: that is found out when its turn comes.
 */
export class DueOrder<T extends Due> {
  private readonly heap: T[] = [];

  push(row: T): void {
    const { heap } = this;
    let at = heap.push(row) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (byDue(heap[above]!, row) <= 0) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = row;
  }

  /**
   * The first rows that are due; they stay.
   *
   * @param isCurrent whether a row is still as it was given: what is not goes for good
   */
  first(nowMs: number, limit: number, isCurrent: (row: T) => boolean): T[] {
    const found = new Set<T>();
    while (found.size < limit && this.heap.length > 0 && this.heap[0]!.dueAt.getTime() <= nowMs) {
      const row = this.pop();
      if (isCurrent(row)) found.add(row);
    }
    for (const row of found) this.push(row);
    return [...found];
  }

  private pop(): T {
    const { heap } = this;
    const first = heap[0]!;
    const row = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && byDue(heap[below + 1]!, heap[below]!) < 0) below++;
      if (byDue(row, heap[below]!) <= 0) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = row;
    return first;
  }
}
