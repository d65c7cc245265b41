import path from 'node:path';
import { ServiceBroker } from 'moleculer';
import { banner, bannerLine } from './lib/config/banner';
import { readCommandLine } from './lib/config/command-line';
import { ConfigError, configWarnings, readConfig } from './lib/config/env';
import { asError } from './lib/wire/errors';
import { brokerOptions } from './moleculer.config';

/** Starts the node: `--repl` gives Moleculer's prompt in the same process. */
async function main(): Promise<void> {
  const { repl } = readCommandLine(process.argv.slice(2));
  const config = readConfig(process.env);
  const broker = new ServiceBroker(brokerOptions(config));
  const logger = broker.getLogger('presence');
  for (const warning of configWarnings(process.env)) logger.warn(warning);
  broker.loadServices(path.join(__dirname, 'services'), `*.service${path.extname(__filename)}`);
  try {
    await broker.start();
  } catch (thrown) {
    // Stopped while it waited for its bus or its store: whoever stops it ends the process.
    if ((broker as ServiceBroker & { readonly stopping?: boolean }).stopping) return;
    throw thrown;
  }
  if (process.stdout.isTTY) console.log(banner(config, broker.nodeID));
  else logger.info(bannerLine(config, broker.nodeID));
  if (repl) (broker as ServiceBroker & { repl(): void }).repl();
}

main().catch((thrown: unknown) => {
  // One plain line for what an operator can mend; where it comes from only for what nobody foresaw.
  const error = asError(thrown);
  const debug = process.env.LOG_LEVEL === 'debug' && !(error instanceof ConfigError);
  console.error(debug ? error : `The node did not start. ${error.message}`);
  process.exit(1);
});
