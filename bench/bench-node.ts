import { ServiceBroker, type ServiceSchema } from 'moleculer';
import { readConfig, type Config } from '../lib/config/env';
import { brokerOptions } from '../moleculer.config';

/** Runs one service as a node of its own, with the broker, serializer and bus of the presence node. */
export async function runNode(schemaOf: (config: Config) => ServiceSchema | Promise<ServiceSchema>): Promise<void> {
  try {
    const config = readConfig(process.env);
    const broker = new ServiceBroker(brokerOptions(config));
    broker.createService(await schemaOf(config));
    await broker.start();
    console.log('the node is running');
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

/** The database a node was started for. */
export function mongoUrlOf({ MONGO_URL }: Config): string {
  if (MONGO_URL === undefined) throw new Error('this node is started by the benchmark, with a MONGO_URL');
  return MONGO_URL;
}
