import type { StoredInstance } from './port';

/** What a store knows of instances, the nodes that sessions are attached to. Methods reject with STORE_UNAVAILABLE. */
export interface InstanceStore {
  /** Instances that have a session and are not in `keep`. Costs little where there are none. */
  outside(keep: ReadonlySet<string>): Promise<StoredInstance[]>;
  /** Instances that Rocket.Chat itself has told of lately: they need not be nodes of the bus. */
  told(nowMs: number): Promise<ReadonlySet<string>>;
}
