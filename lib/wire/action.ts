import type { Context, Service } from 'moleculer';

/** What an action asks of its service. */
interface Keeping extends Service {
  /** @param carried what a replica that hands the call on tells along with it */
  atKeeper<R>(ctx: Context, action: string, here: () => Promise<R>, carried?: object): Promise<R>;
}

/** What an action does once its arguments are checked. */
type Run<S, A, R, C> = (this: S, args: A, ctx: Context, carried: C) => Promise<R>;
/** What is noted at the replica that a call reaches first, before it is carried out or handed on. */
type Arrive<S, A, C> = (this: S, args: A, ctx: Context) => C;

/** Makes the actions of a service: arguments are checked at this node, the rest is done where the state is kept. */
export function actionsOf<S extends Keeping>() {
  return <A, R, C extends object | undefined = undefined>(
    name: string,
    readArguments: (params: unknown) => A,
    run: Run<S, A, R, C | undefined>,
    arrive?: Arrive<S, A, C>,
  ) => ({
    handler(this: S, ctx: Context): Promise<R> {
      const args = readArguments(ctx.params);
      const carried = arrive?.call(this, args, ctx);
      return this.atKeeper(ctx, `${this.name}.${name}`, () => run.call(this, args, ctx, carried), carried);
    },
  });
}
