import type { Context, Service } from 'moleculer';

/** What a presence service needs to know of being one of several replicas; given by the keeper or the peers mixin. */
export interface ReplicaService extends Service {
  /** Whether this node does background work. */
  isKeeper(): boolean;
  /** Runs an action where the state is kept. */
  atKeeper<T>(ctx: Context, action: string, here: () => Promise<T>): Promise<T>;
  /** The node that made the call. */
  callerOf(ctx: Context): string;
}
