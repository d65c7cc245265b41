/** Random calls for a long time, `SEEDS=1000 npm run soak`, and outages of the bus in full length. Needs a fast MongoDB: see README on MONGOD. */
import { fileURLToPath } from 'node:url';
import { command } from './lib/command.mjs';
import { reportCount, runJest } from './lib/jest.mjs';
import { requireFastMongo } from './lib/mongo.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const SEEDS = '200';
const OUTAGE = 'test/chaos/bus-outage';

await command(async () => {
  checkNode(root);
  requireFastMongo();
  await ensurePackages(root, { dev: true });
  await ensureServers();
  process.env.SEEDS ||= SEEDS;
  process.env.FULL_LENGTH ||= '1';
  const code = await runJest(root, ['--maxWorkers=1', 'test/concurrency/', OUTAGE, ...process.argv.slice(2)]);
  reportCount(root);
  return code;
});
