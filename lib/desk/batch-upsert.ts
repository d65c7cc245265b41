import { eachItem, idIn, type ItemFault } from './batch';
import { readUser } from '../wire/contract';
import type { PresenceDesk } from './presence-desk';

export type UpsertResult =
  | { readonly _id: string; readonly ok: true; readonly created: boolean }
  | { readonly _id: string | undefined; readonly ok: false; readonly error: ItemFault };

/** Tells who users are. One result an item, in order. */
export function batchUpsert(desk: PresenceDesk, items: readonly unknown[]): Promise<UpsertResult[]> {
  return eachItem<UpsertResult, UpsertResult>(
    items,
    async (item) => {
      const { uid, identity } = readUser(item);
      return { _id: uid, ok: true, created: await desk.identify(uid, identity) };
    },
    (item, error) => ({ _id: idIn(item, '_id'), ok: false, error }),
  );
}
