import { randomBytes } from 'node:crypto';
import type { Collection } from 'mongodb';
import type { PresenceWrite, PresenceWritten } from '../port';
import { compareAndSet, inOneReply } from './bulk';
import type { MongoConnection } from './connection';
import type { UserDocument } from './documents';
import { slotOf, userStatement } from './statements';

/** Writes presence into `users`: compare-and-set on `presenceRev`, only fields that this service owns. */
export class UserWriter {
  private readonly self = randomBytes(4).toString('base64url');
  private batches = 0;

  constructor(
    private readonly connection: MongoConnection,
    private readonly ownsUsers: () => boolean,
  ) {}

  /** @param revsOf reads session revisions, in the same round trip as the look at what was written */
  async write(
    writes: readonly PresenceWrite[],
    revsOf: (uids: readonly string[]) => Promise<ReadonlyMap<string, number>>,
  ): Promise<PresenceWritten> {
    if (writes.length === 0) return { written: new Set(), again: new Set() };
    const batch = `${this.self}.${(this.batches++).toString(36)}`;
    const uids = writes.map(({ after }) => after._id);
    const at = new Date();
    const operations = writes.map((write) => userStatement(write, batch, at, this.ownsUsers()));
    let retried = false;
    return this.connection.patiently(async () => {
      // On a repetition some may be there already from the attempt whose answer got lost: the slots tell.
      const all = (await compareAndSet(this.users(), operations)) && !retried;
      retried = true;
      const [revs, slots] = await Promise.all([revsOf(uids), all ? undefined : this.slots(uids)]);
      const written = writes.filter(
        ({ after }) => slots === undefined || slots.get(after._id)?.[slotOf(after)] === batch,
      );
      const moved = written.filter(({ after, sessionsRev }) => (revs.get(after._id) ?? 0) !== sessionsRev);
      const won = new Set(written.map(({ after }) => after._id));
      const again = new Set(moved.map(({ after }) => after._id));
      for (const uid of uids) if (!won.has(uid)) again.add(uid);
      return { written: won, again };
    });
  }

  private async slots(uids: readonly string[]): Promise<ReadonlyMap<string, Record<string, string>>> {
    const documents = await this.users()
      .find({ _id: { $in: [...uids] } }, { projection: { presenceBy: 1 }, ...inOneReply(uids) })
      .toArray();
    return new Map(documents.map(({ _id, presenceBy }) => [_id, presenceBy ?? {}]));
  }

  private users(): Collection<UserDocument> {
    return this.connection.collection('users');
  }
}
