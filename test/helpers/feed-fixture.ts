import type { UserRecord } from '../../domain/types';
import { StoreSource, type FeedSource } from '../../lib/feed/feed-source';
import { PresenceError } from '../../lib/wire/errors';
import type { UserFilter } from '../../lib/store/port';
import type { SharedFrame } from '../../lib/socket/shared-frame';
import type { Closing } from '../../lib/socket/socket-errors';
import type { Wire } from '../../lib/socket/wire';
import { Picture, type ServerFrame } from './picture';
import { userRecord } from './presence-builders';

/** Users in memory, read as slowly as is said: what is answered was so at a moment between question and answer. */
export class FakeUsers {
  readonly stored = new Map<string, UserRecord>();
  /** The ids of each read so far. */
  readonly asked: (readonly string[])[] = [];
  isAway = false;
  /** Milliseconds before a read looks, and after it has looked. */
  delays: readonly [number, number] = [0, 0];
  private rev = 0;

  readonly source: FeedSource = new StoreSource({
    usersOf: (uids) => {
      this.asked.push(uids);
      return this.read(() => new Map(uids.flatMap((uid) => this.entryOf(uid))));
    },
    listUsers: (filter, limit) => this.read(() => this.list(filter, limit)),
  });

  write(uid: string, fields: Partial<UserRecord>): void {
    this.stored.set(uid, userRecord(uid, { ...this.stored.get(uid), ...fields, presenceRev: (this.rev += 1) }));
  }

  private entryOf(uid: string): [string, UserRecord][] {
    const user = this.stored.get(uid);
    return user ? [[uid, user]] : [];
  }

  private list({ statuses, after = '' }: UserFilter, limit: number): UserRecord[] {
    const users = [...this.stored.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
    return users.filter(({ _id, status }) => _id > after && statuses!.includes(status!)).slice(0, limit);
  }

  private async read<T>(look: () => T): Promise<T> {
    const [before, after] = this.delays;
    if (before > 0) await new Promise((resolve) => setTimeout(resolve, before));
    if (this.isAway) throw new PresenceError('STORE_UNAVAILABLE', 'away');
    const found = look();
    if (after > 0) await new Promise((resolve) => setTimeout(resolve, after));
    return found;
  }
}

/** A client's end without a network: what is sent makes a picture, unless the client does not read. */
export class FakeWire implements Wire {
  readonly frames: ServerFrame[] = [];
  closed: Closing | undefined;
  /** Set: nothing is read, and what is sent waits. */
  isStuck = false;
  private waiting: string[] = [];
  /** What is called back once it has read. */
  waiter: (() => void) | undefined;
  /** Frames of the client that were told to the wire. */
  takenFrames = 0;

  /** @param frameBytes that each frame counts for, whatever it has */
  constructor(
    private readonly frameBytes = 0,
    readonly picture = new Picture(),
  ) {}

  get bufferedAmount(): number {
    return this.waiting.reduce((sum, text) => sum + (this.frameBytes || text.length), 0);
  }

  send(text: string): void {
    this.waiting.push(text);
    if (!this.isStuck) this.drain();
  }

  sendShared({ text }: SharedFrame): void {
    this.send(text.toString());
  }

  sendParts(head: string, body: Buffer): void {
    this.send(head + body.toString());
  }

  close(why: Closing): void {
    this.closed ??= why;
  }

  whenDrained(then: (() => void) | undefined): void {
    this.waiter = then;
    if (then && this.waiting.length === 0) setImmediate(() => this.wake(then));
  }

  taken(): void {
    this.takenFrames += 1;
  }

  private wake(then: () => void): void {
    if (this.waiter !== then) return;
    this.waiter = undefined;
    then();
  }

  /** The client reads all there is, and goes on reading. */
  drain(): void {
    this.isStuck = false;
    for (const text of this.waiting.splice(0)) {
      const frame = JSON.parse(text) as ServerFrame;
      this.frames.push(frame);
      this.picture.take(frame);
    }
    if (this.waiter) this.wake(this.waiter);
  }
}
