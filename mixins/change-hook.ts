import type { Service } from 'moleculer';

/** Local event: presence of these users was written by this node. The payload is a list of ids. */
export const CHANGED = '$presence.changed';
/** Local event: changes made by others may have been missed. The payload says why. */
export const MISSED = '$presence.missed';

/** `bus`: this node was not on it. `keeper`: another replica keeps the state now. */
export type MissedBecause = 'bus' | 'keeper';

/** Tells the services of this process, whether or not anybody else is told. */
export function tellChanged(service: Service, uids: readonly string[]): void {
  if (uids.length > 0) tell(service, CHANGED, uids);
}

export function tellMissed(service: Service, because: MissedBecause): void {
  tell(service, MISSED, because);
}

function tell({ broker, logger }: Service, event: string, payload: unknown): void {
  broker.broadcastLocal(event, payload).catch((error: unknown) => logger.warn(`${event} was not heeded`, error));
}
