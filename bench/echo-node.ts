import type { Context } from 'moleculer';
import { runNode } from './bench-node';

/** The ceiling: the same broker, serializer and bus, and an action that does nothing. */
void runNode(() => ({
  name: 'echo',
  actions: { echo: (ctx: Context): unknown => ctx.params },
}));
