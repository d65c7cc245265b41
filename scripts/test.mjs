/**
 * `npm test`: everything a change must pass, on a bare machine too. `npm run test:unit`, `test:integration`, `test:chaos`: the suites of
 * one kind (`--part=unit`). Other arguments go to jest: `npm test -- -t batcher`.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command, run, Stop } from './lib/command.mjs';
import { reportCount, runJest } from './lib/jest.mjs';
import { ensureMongo } from './lib/mongo.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureBrowser, ensureProxies, ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** By part: jest's projects that run at once, and where the suites are that run alone. */
const PARTS = {
  unit: { projects: ['unit'], alone: 'test/unit/' },
  integration: { projects: ['integration', 'mongo'], alone: 'test/integration/' },
  chaos: { projects: ['chaos'], alone: 'test/(chaos|concurrency)/' },
};
/** Suites wait more than they compute. */
const WORKERS_A_CORE = 2;

const part = process.argv
  .slice(2)
  .find((arg) => arg.startsWith('--part='))
  ?.slice('--part='.length);
const jestArgs = process.argv.slice(2).filter((arg) => !arg.startsWith('--part='));

await command(async () => {
  if (part !== undefined && !(part in PARTS))
    throw new Stop(`There is no part "${part}", only: ${Object.keys(PARTS).join(', ')}.`);
  await prepare();
  const startedAtMs = Date.now();
  const codes = part === undefined ? await Promise.all([look('lint'), look('typecheck')]) : [];
  codes.push(await step('suites', () => suites()));
  codes.push(await step('suites that run alone', () => suitesAlone()));
  console.log(`all: ${secondsSince(startedAtMs)} s`);
  reportCount(root);
  return codes.find((code) => code !== 0) ?? 0;
});

async function prepare() {
  checkNode(root);
  await ensurePackages(root, { dev: true });
  if (part !== 'unit') {
    await ensureServers();
    await ensureBrowser();
    await ensureProxies();
    await ensureMongo(root);
  }
  await ensureBuilt(root);
}

function suites() {
  const projects = part ? PARTS[part].projects : Object.values(PARTS).flatMap((one) => one.projects);
  return runJest(root, [...jestArgs, ...workers(), '--selectProjects', ...projects]);
}

function suitesAlone() {
  const where = part ? [`--testPathPatterns=${PARTS[part].alone}`] : [];
  return runJest(root, [...jestArgs, '--maxWorkers=1', '--passWithNoTests', ...where, '--selectProjects', 'alone']);
}

function workers() {
  if (jestArgs.some((arg) => /^(--maxWorkers|-w|--runInBand|-i)\b/.test(arg))) return [];
  return [`--maxWorkers=${workerCount()}`];
}

/** With a server named by a variable one: all suites share it then, and the nodes of two suites at once would meet on the same bus. */
function workerCount() {
  return process.env.NATS_URL || process.env.REDIS_URL ? 1 : WORKERS_A_CORE * availableParallelism();
}

/** A heading, the work with its own output, the outcome and the duration. */
async function step(name, work) {
  const startedAtMs = Date.now();
  console.log(`\n== ${name}`);
  const code = await exitCodeOf(work);
  console.log(`${name}: ${code === 0 ? 'ok' : 'failed'}, ${secondsSince(startedAtMs)} s`);
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

/** An npm script beside another: its output comes when it has ended. */
async function look(script) {
  const startedAtMs = Date.now();
  const { code, output } = await run('npm', ['run', '--silent', script], { cwd: root, quiet: true });
  console.log(`\n${output}${script}: ${code === 0 ? 'ok' : 'failed'}, ${secondsSince(startedAtMs)} s`);
  return code;
}

function secondsSince(startedAtMs) {
  return ((Date.now() - startedAtMs) / 1000).toFixed(1);
}
