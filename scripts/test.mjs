/** `npm test`: everything a change must pass, on a bare machine too. Arguments go to jest: `npm test -- -t batcher`. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command, run, Stop } from './lib/command.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// One file a run: two runs in one folder must not read each other's counts.
const resultFile = join(root, '.cache', `jest-${process.pid}.json`);

const STEPS = {
  lint: () => npmScript('lint'),
  'type-check': () => npmScript('typecheck'),
  build: () => ensureBuilt(root),
  jest: runJest,
};

await command(async () => {
  checkNode(root);
  await ensurePackages(root, { dev: true });
  await ensureServers();
  for (const [name, work] of Object.entries(STEPS)) {
    const code = await step(name, work);
    if (name === 'jest') report();
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

async function runJest() {
  const given = process.argv.slice(2);
  const hasWorkers = given.some((arg) => /^(--maxWorkers|-w|--runInBand|-i)\b/.test(arg));
  mkdirSync(join(root, '.cache'), { recursive: true });
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const workers = hasWorkers ? [] : [`--maxWorkers=${workerCount()}`];
  const args = [jest, '--json', `--outputFile=${resultFile}`, ...workers, ...given];
  return (await run(process.execPath, args, { cwd: root, env: { NODE_ENV: 'test' } })).code;
}

/**
 * Two: the machines this must run on have two cores, and the suites start servers of their own. With a server named
 * by a variable one: all suites share it then, and the nodes of two suites at once would meet on the same bus.
 */
function workerCount() {
  return process.env.NATS_URL || process.env.REDIS_URL ? 1 : 2;
}

/** The count, alone on the last line. A suite that could not even be loaded counts as one failure. */
function report() {
  const results = takeResults();
  if (!results) return;
  const skipped = results.numPendingTests + results.numTodoTests;
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${results.numPassedTests} passed, ${results.numFailedTests + results.numRuntimeErrorTestSuites} failed`);
}

function takeResults() {
  try {
    return JSON.parse(readFileSync(resultFile, 'utf8'));
  } catch {
    return undefined; // jest did not get that far; it has said why
  } finally {
    rmSync(resultFile, { force: true });
  }
}
