import { ServiceBroker, type Context } from 'moleculer';
import { readConfig } from '../lib/env';
import { brokerOptions } from '../moleculer.config';

/** The ceiling: the same broker, serializer and bus, and an action that does nothing. */
const broker = new ServiceBroker(brokerOptions(readConfig(process.env)));
broker.createService({
  name: 'echo',
  actions: { echo: (ctx: Context): unknown => ctx.params },
});
broker.start().then(
  () => console.log('echo node is running'),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
