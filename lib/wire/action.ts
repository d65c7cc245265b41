import type { Context, Service } from 'moleculer';

/** What an action asks of its service. */
interface Keeping extends Service {
  atKeeper<R>(ctx: Context, action: string, here: () => Promise<R>): Promise<R>;
}

/** What an action does once its arguments are checked. */
type Run<S, A, R> = (this: S, args: A, ctx: Context) => Promise<R>;

/** Makes the actions of a service: arguments are checked at this node, the rest is done where the state is kept. */
export function actionsOf<S extends Keeping>() {
  return <A, R>(name: string, readArguments: (params: unknown) => A, run: Run<S, A, R>) => ({
    handler(this: S, ctx: Context): Promise<R> {
      const args = readArguments(ctx.params);
      return this.atKeeper(ctx, `${this.name}.${name}`, () => run.call(this, args, ctx));
    },
  });
}
