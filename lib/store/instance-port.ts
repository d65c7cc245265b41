import type { NodeProcess, ProcessSighting } from '../../domain/node-process';

/** What is stored of one instance's sessions. */
export interface StoredInstance {
  readonly instanceId: string;
  readonly sessions: number;
  /** When the youngest of their leases was last written, epoch milliseconds. */
  readonly newestMs: number;
}

/** Marks on a process that one replica leaves for the next. */
export type ProcessMarks = Pick<NodeProcess, 'endedMs' | 'lostMs'>;

/** The process of a node that is not seen for this long is forgotten. */
export const PROCESSES_KEPT_MS = 7 * 24 * 60 * 60_000;

/** What a store knows of instances, the nodes that sessions are attached to. Methods reject with STORE_UNAVAILABLE. */
export interface InstanceStore {
  /** Instances that have a session and are not in `keep`. Costs little where there are none. */
  outside(keep: ReadonlySet<string>): Promise<StoredInstance[]>;
  /** Instances that Rocket.Chat itself has told of lately: they need not be nodes of the bus. */
  told(nowMs: number): Promise<ReadonlySet<string>>;

  /** Users that hold sessions which were lost with this process of a node. */
  ownersOfLost(instanceId: string, process: string): Promise<string[]>;

  /** Which process each node is, as far as it was noted. */
  processes(): Promise<NodeProcess[]>;
  /** Notes what a replica has seen, by the rule (domain/node-process.ts), whatever others note. @returns what is known then */
  noteProcess(sighting: ProcessSighting): Promise<NodeProcess>;
  /** Does nothing where the node is another process by now. */
  markProcess(id: string, process: string, marks: ProcessMarks): Promise<void>;
}
