import type { Collection } from 'mongodb';
import type { UserRecord } from '../../../domain/types';
import { inOneReply } from './bulk';
import { USER_PROJECTION, userOf, type UserDocument } from './documents';

/** The presence part of users, by id; those that are not there are left out. */
export async function readUsers(
  users: Collection<UserDocument>,
  uids: readonly string[],
): Promise<ReadonlyMap<string, UserRecord>> {
  const options = { projection: USER_PROJECTION, ...inOneReply(uids) };
  const found = await users.find({ _id: { $in: [...uids] } }, options).toArray();
  return new Map(found.map((document) => [document._id, userOf({ ...document })]));
}
