/** `npm test`: everything a change must pass, on a bare machine too. Arguments go to jest: `npm test -- -t batcher`. */
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command, run, Stop } from './lib/command.mjs';
import { reportCount, runJest } from './lib/jest.mjs';
import { ensureMongo } from './lib/mongo.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureBrowser, ensureProxies, ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const STEPS = {
  lint: () => npmScript('lint'),
  'type-check': () => npmScript('typecheck'),
  build: () => ensureBuilt(root),
  jest: () => runJest(root, jestArgs()),
};

await command(async () => {
  checkNode(root);
  await ensurePackages(root, { dev: true });
  await ensureServers();
  await ensureBrowser();
  await ensureProxies();
  await ensureMongo(root);
  for (const [name, work] of Object.entries(STEPS)) {
    const code = await step(name, work);
    if (name === 'jest') reportCount(root);
    if (code !== 0) return code;
  }
  return 0;
});

/** A heading, the work with its own output, the outcome and the duration. */
async function step(name, work) {
  const startedAtMs = Date.now();
  console.log(`\n== ${name}`);
  const code = await exitCodeOf(work);
  const tookSeconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  console.log(`${name}: ${code === 0 ? 'ok' : 'failed'}, ${tookSeconds} s`);
  return code;
}

async function exitCodeOf(work) {
  try {
    return (await work()) ?? 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(error.message);
    return error.exitCode;
  }
}

async function npmScript(name) {
  return (await run('npm', ['run', '--silent', name], { cwd: root })).code;
}

function jestArgs() {
  const given = process.argv.slice(2);
  const hasWorkers = given.some((arg) => /^(--maxWorkers|-w|--runInBand|-i)\b/.test(arg));
  return hasWorkers ? given : [`--maxWorkers=${workerCount()}`, ...given];
}

/**
 * Two: the machines this must run on have two cores, and the suites start servers of their own. With a server named
 * by a variable one: all suites share it then, and the nodes of two suites at once would meet on the same bus.
 */
function workerCount() {
  return process.env.NATS_URL || process.env.REDIS_URL ? 1 : 2;
}
