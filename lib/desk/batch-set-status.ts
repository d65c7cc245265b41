import { eachItem, idIn, type ItemFault } from './batch';
import { readStatus } from '../wire/contract';

export type StatusArguments = ReturnType<typeof readStatus>;

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
      const given = readStatus(item);
      return { uid: given.uid, ok: true, accepted: await set(given) };
    },
    (item, error) => ({ uid: idIn(item, 'uid'), ok: false, error }),
  );
}
