/**
 * `npm run test:again -- 20 bus/claims`: the suites whose paths have that in them, twenty times one after the other, each in a run of its
 * own. A test that fails once in twenty is a fault like one that always does. Other arguments go to jest.
 */
import { fileURLToPath } from 'node:url';
import { command, Stop } from './lib/command.mjs';
import { ensureBuilt } from './lib/build.mjs';
import { reportCount, runJest } from './lib/jest.mjs';
import { ensureMongo } from './lib/mongo.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureBrowser, ensureProxies, ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await command(async () => {
  const [given, name, ...rest] = process.argv.slice(2);
  const times = Number(given);
  if (!Number.isSafeInteger(times) || times < 1 || !name)
    throw new Stop('It wants how often, and which suites: npm run test:again -- 20 bus/claims');
  checkNode(root);
  await ensurePackages(root, { dev: true });
  await ensureServers();
  await ensureBrowser();
  await ensureProxies();
  await ensureMongo(root);
  await ensureBuilt(root);
  let failed = 0;
  for (let time = 1; time <= times; time += 1) {
    const code = await runJest(root, ['--forceExit', `--testPathPatterns=${name}`, ...rest]);
    if (code !== 0) failed += 1;
    console.log(`${name}: ${time} of ${times}, ${failed === 0 ? 'none' : failed} failed`);
  }
  reportCount(root);
  return failed === 0 ? 0 : 1;
});
