import type { UserRecord } from '../../domain/types';
import type { PresenceStore, UserFilter } from './port';

/** All users that a filter lets through, by id, in slices. @throws PresenceError STORE_UNAVAILABLE */
export async function* userPages(
  store: Pick<PresenceStore, 'listUsers'>,
  filter: Omit<UserFilter, 'after'>,
  size: number,
): AsyncIterable<UserRecord[]> {
  for (let after: string | undefined; ;) {
    const users = await store.listUsers({ ...filter, after }, size);
    if (users.length > 0) yield users;
    if (users.length < size) return;
    after = users.at(-1)!._id;
  }
}
