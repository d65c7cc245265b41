import type { PresenceStore } from '../store/port';
import { eachOf } from './each-of';
import { SLICE, type PresenceDesk } from './presence-desk';

/** Restores the sessions that were dropped when this process of a node was lost. @returns the users that had one */
export async function restoreInstance(
  { store, desk }: { readonly store: PresenceStore; readonly desk: PresenceDesk },
  instanceId: string,
  process: string,
): Promise<string[]> {
  const owners = await store.instances.ownersOfLost(instanceId, process);
  const restore = { kind: 'restoreInstance', instanceId, process } as const;
  const had = await eachOf(owners, SLICE, (uid) => desk.session(uid, restore, 'background'));
  return owners.filter((_, i) => had[i]);
}
