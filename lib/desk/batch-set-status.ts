import { eachItem, idIn, type ItemFault } from './batch';
import type { StatusArguments } from '../wire/contract';
import { readStatusItem } from '../wire/set-status';

export type SetStatusResult =
  | { readonly uid: string; readonly ok: true; readonly accepted: boolean }
  | { readonly uid: string | undefined; readonly ok: false; readonly error: ItemFault };

/** Sets the status of many users. @param set of one of them: whether it was accepted. @returns one result an item, in order */
export function batchSetStatus(
  items: readonly unknown[],
  set: (given: StatusArguments) => Promise<boolean>,
): Promise<SetStatusResult[]> {
  return eachItem<SetStatusResult, SetStatusResult>(
    items,
    async (item) => {
      const given = readStatusItem(item);
      return { uid: given.uid, ok: true, accepted: await set(given) };
    },
    (item, error) => ({ uid: idIn(item, 'uid'), ok: false, error }),
  );
}
