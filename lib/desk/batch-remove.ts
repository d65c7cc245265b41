import { readUid } from '../wire/contract';
import { eachItem, idIn, type ItemFault } from './batch';
import type { PresenceDesk } from './presence-desk';

export type RemoveResult =
  | { readonly _id: string; readonly ok: true; readonly removed: boolean }
  | { readonly _id: string | undefined; readonly ok: false; readonly error: ItemFault };

/** Removes users. One result an item, in order; `removed` is false for one that was not known. */
export function batchRemove(desk: PresenceDesk, items: readonly unknown[]): Promise<RemoveResult[]> {
  return eachItem<RemoveResult, RemoveResult>(
    items,
    async (item) => {
      const uid = readUid(item);
      return { _id: uid, ok: true, removed: await desk.remove(uid) };
    },
    (item, error) => ({ _id: idIn({ item }, 'item'), ok: false, error }),
  );
}
