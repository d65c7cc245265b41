/** The concurrency and chaos suites, the fuzz of HTTP and the import at full size, for which `npm test` needs a fast MongoDB: see README on MONGOD. */
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command } from './lib/command.mjs';
import { reportCount, runJest } from './lib/jest.mjs';
import { requireFastMongo } from './lib/mongo.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const SUITES = [
  'test/concurrency/',
  'test/chaos/',
  'test/integration/http/fuzz.test.ts',
  'test/integration/rocketchat/import.test.ts',
];
process.env.FUZZ_REQUESTS ??= '100000';
process.env.IMPORT_USERS ??= '50000';
process.env.OUTBOX_ROUNDS ??= '6';

await command(async () => {
  checkNode(root);
  requireFastMongo();
  await ensurePackages(root, { dev: true });
  await ensureServers();
  await ensureBuilt(root);
  // One after the other: they load the machine by themselves, and some measure time.
  const projects = ['--selectProjects', 'integration', 'chaos', 'alone'];
  const code = await runJest(root, [...SUITES, ...process.argv.slice(2), '--maxWorkers=1', ...projects]);
  reportCount(root);
  return code;
});
