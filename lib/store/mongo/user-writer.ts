import { randomBytes } from 'node:crypto';
import type { Collection } from 'mongodb';
import type { PresenceWrite } from '../port';
import { compareAndSet, inOneReply } from './bulk';
import type { MongoConnection } from './connection';
import type { UserDocument } from './documents';
import { slotOf, userStatements } from './statements';

/** Writes presence into `users`: compare-and-set on `presenceRev`, only fields that this service owns. */
export class UserWriter {
  private readonly self = randomBytes(4).toString('base64url');
  private batches = 0;

  constructor(
    private readonly connection: MongoConnection,
    private readonly ownsUsers: () => boolean,
  ) {}

  /** @returns users whose write was applied */
  async write(writes: readonly PresenceWrite[]): Promise<ReadonlySet<string>> {
    if (writes.length === 0) return new Set();
    const batch = `${this.self}.${(this.batches++).toString(36)}`;
    const uids = writes.map(({ after }) => after._id);
    const at = new Date();
    const statements = userStatements(writes, batch, at, this.ownsUsers());
    let retried = false;
    return this.connection.patiently(async () => {
      // On a repetition some may be there already from the attempt whose answer got lost: the slots tell.
      const all = (await compareAndSet(this.users(), statements, writes.length)) && !retried;
      retried = true;
      if (all) return new Set(uids);
      const slots = await this.slots(uids);
      const won = writes.filter(({ after }) => slots.get(after._id)?.[slotOf(after)] === batch);
      return new Set(won.map(({ after }) => after._id));
    });
  }

  /** Removes users that are shown as offline. @returns those that are not there any more */
  remove(uids: readonly string[]): Promise<string[]> {
    const theirs = { _id: { $in: [...uids] } };
    return this.connection.patiently(async () => {
      const isOffline: object = { ...theirs, status: { $in: ['offline', null] } };
      await this.users().deleteMany(isOffline);
      const left = await this.users()
        .find(theirs, { projection: { _id: 1 }, ...inOneReply(uids) })
        .toArray();
      const stays = new Set(left.map(({ _id }) => _id));
      return uids.filter((uid) => !stays.has(uid));
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
