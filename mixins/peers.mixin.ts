import type { Context, Service, ServiceSchema } from 'moleculer';

/**
 * Replicas on a shared database are all equal: each carries out what it is called for, and background work
 * may be done by any of them, for the store's compare-and-set lets one win. Offers what the keeper mixin
 * offers replicas whose stores are their own.
 *
 * @param worksOnItsOwn false for an observer, which only does what it is called for (design invariant 14)
 */
export function peersMixin(worksOnItsOwn: (service: Service) => boolean): Partial<ServiceSchema> {
  return {
    methods: {
      isKeeper(this: Service): boolean {
        return worksOnItsOwn(this);
      },
      atKeeper<T>(this: Service, _ctx: Context, _action: string, here: () => Promise<T>): Promise<T> {
        return here();
      },
      callerOf(this: Service, ctx: Context): string {
        return ctx.nodeID ?? this.broker.nodeID;
      },
    },
  };
}
