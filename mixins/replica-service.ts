import type { Context, Service } from 'moleculer';

/** What a presence service needs to know of being one of several replicas; given by the keeper or the peers mixin. */
export interface ReplicaService extends Service {
  /** Whether this node works on its own initiative: not where Rocket.Chat's core decides (design invariant 14), nor where another replica keeps the state. */
  mayWork(): boolean;
  /** Whether this replica does the jobs that one replica does (design invariant 13). */
  isLeader(): boolean;
  /** Whether this replica does those of them that concern this service's own data: also where Rocket.Chat's core decides presence. */
  tends(): boolean;
  /** What is to be done when this replica becomes the leader. Given by the service. */
  takeOver(): Promise<void>;
  /** Runs an action where the state is kept. @param carried told along with a call that is handed on */
  atKeeper<T>(ctx: Context, action: string, here: () => Promise<T>, carried?: object): Promise<T>;
  /** The node that made the call. */
  callerOf(ctx: Context): string;
  /** What the replica told along that has handed this call on; undefined for a call that comes from a caller. */
  carriedBy(ctx: Context): unknown;
}
