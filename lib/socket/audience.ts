import type { FeedChange } from '../feed/change-ring';
import type { Whom } from '../feed/snapshots';
import { SharedFrame } from './shared-frame';

/** A client that is up to date and is told of changes as they happen. */
export interface Hearer {
  /** @param frame a whole frame, shared with others */
  hear(frame: SharedFrame): void;
}

/** Who is told of whom. The text of a flush is made once for all who are told the same. */
export class Audience {
  private readonly ofAll = new Set<Hearer>();
  private readonly byUid = new Map<string, Set<Hearer>>();

  add(hearer: Hearer, whom: Whom): void {
    if (whom === 'all') {
      this.ofAll.add(hearer);
      return;
    }
    for (const uid of whom) {
      const hearers = this.byUid.get(uid);
      if (hearers) hearers.add(hearer);
      else this.byUid.set(uid, new Set([hearer]));
    }
  }

  remove(hearer: Hearer, whom: Whom): void {
    if (whom === 'all') {
      this.ofAll.delete(hearer);
      return;
    }
    for (const uid of whom) {
      const hearers = this.byUid.get(uid);
      if (hearers?.delete(hearer) && hearers.size === 0) this.byUid.delete(uid);
    }
  }

  /** @param changes at most as many as go into one frame @param epoch of their numbers */
  tell(changes: readonly FeedChange[], epoch: string): void {
    if (this.ofAll.size > 0) {
      const frame = changesFrame(changes, epoch);
      for (const hearer of this.ofAll) hearer.hear(frame);
    }
    if (this.byUid.size > 0) this.tellEach(changes, epoch);
  }

  private tellEach(changes: readonly FeedChange[], epoch: string): void {
    const forEach = new Map<Hearer, FeedChange[]>();
    for (const change of changes) {
      for (const hearer of this.byUid.get(change.uid) ?? []) {
        const own = forEach.get(hearer);
        if (own) own.push(change);
        else forEach.set(hearer, [change]);
      }
    }
    const frames = new Map<string, SharedFrame>();
    for (const [hearer, own] of forEach) {
      const key = own.map(({ seq }) => seq).join();
      let frame = frames.get(key);
      if (!frame) frames.set(key, (frame = changesFrame(own, epoch)));
      hearer.hear(frame);
    }
  }
}

/** @param changes at least one, in order */
export function changesFrame(changes: readonly FeedChange[], epoch: string): SharedFrame {
  const users = changes.map(({ json }) => json).join();
  return new SharedFrame(`{"op":"changes","seq":"${epoch}.${changes.at(-1)!.seq}","users":[${users}]}`);
}
