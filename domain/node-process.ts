/**
 * Which process has a node's id (decision 0007). A Moleculer node tells its `instanceID` in its INFO packet, new with each process:
 * the same id with another `instanceID` is another process, and what the former one held is over. Pure; times are epoch
 * milliseconds of the store's clock.
 */

/** What is known of a node's process. */
export interface NodeProcess {
  readonly id: string;
  /** Its `instanceID`. */
  readonly process: string;
  /** When it came to the bus; absent where it was there before any replica looked. */
  readonly sinceMs?: number;
  /** What a former process held has been ended up to this time. Absent: not yet. */
  readonly endedMs?: number;
  /** When its sessions were dropped because it was lost. Absent or 0: they were not, or are restored. */
  readonly lostMs?: number;
  /** Processes before it, the latest first: their packets may come late. */
  readonly former: readonly string[];
}

/** What a replica has seen on the bus. */
export interface ProcessSighting {
  readonly id: string;
  readonly process: string;
  readonly sinceMs: number;
  /** The replica has been on the bus for long enough to know that the process was not there before. */
  readonly isNew: boolean;
}

const MAX_FORMER = 4;

/** Takes in a sighting. @returns the very `known` where it tells nothing new */
export function sighted(known: NodeProcess | undefined, sighting: ProcessSighting): NodeProcess {
  const { id, process, sinceMs, isNew } = sighting;
  if (!known) return { id, process, former: [], ...(isNew && { sinceMs }) };
  if (known.process === process) {
    // Another replica heard of it first: what the process has opened there is not the former one's.
    return known.sinceMs === undefined || known.sinceMs <= sinceMs ? known : { ...known, sinceMs };
  }
  if (known.former.includes(process)) return known;
  // Whether the replica has just started or not: it was the former process that was seen last.
  return { id, process, sinceMs, former: [known.process, ...known.former].slice(0, MAX_FORMER) };
}
