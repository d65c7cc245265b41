/**
 * What takes too long for `npm test`, on a fast MongoDB (see README on MONGOD):
 * `npm run soak`: an hour of everything at once (SOAK_MINUTES).
 * `npm run soak -- calls`: random calls for as many seeds as SEEDS says, and outages of the bus in full length.
 */
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command, Stop } from './lib/command.mjs';
import { reportCount, runJest } from './lib/jest.mjs';
import { requireFastMongo } from './lib/mongo.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const SEEDS = '200';
const SECTIONS = {
  hour: ['--config', 'jest.soak.config.cjs', '--verbose'],
  calls: ['test/concurrency/', 'test/chaos/bus-outage', '--maxWorkers=1'],
};

await command(async () => {
  const [section = 'hour', ...rest] = process.argv.slice(2);
  if (!(section in SECTIONS))
    throw new Stop(`There is no soak "${section}", only: ${Object.keys(SECTIONS).join(', ')}.`);
  checkNode(root);
  requireFastMongo();
  await ensurePackages(root, { dev: true });
  await ensureServers();
  await ensureBuilt(root);
  process.env.SEEDS ||= SEEDS;
  process.env.FULL_LENGTH ||= '1';
  const code = await runJest(root, [...SECTIONS[section], ...rest]);
  reportCount(root);
  return code;
});
