import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run, Stop } from './command.mjs';
import { withLock } from './lock.mjs';
import { aptInstall, canAptInstall, findProgram } from './system-tools.mjs';

/** A small server that stands in for mongod where there is none: a Python package with everything in it, but slow. */
const STAND_IN = 'SecantusDB==0.7.0b3';
const STAND_IN_PROGRAM = 'secantusd-py';
const ON_PATH = ['mongod', 'secantusd-rs'];
const NO_STAND_IN = 'the stand-in could not be installed (it wants python3, 3.10 to 3.13, with venv)';
const WHAT_TO_SET = 'set MONGOD to a mongod program, or MONGO_URL to a running server';

/**
 * Makes sure of a MongoDB server for the tests: named by a variable, on the PATH, or the stand-in, installed now into
 * .cache/. The same order as test/helpers/mongo-program.ts, which starts it.
 */
export async function ensureMongo(root) {
  if (isGiven()) return;
  if (!isInstalled(root)) {
    await withLock(root, async () => {
      if (!isInstalled(root)) await install(root);
    });
  }
  console.log(`MongoDB: the slow stand-in, so suites cut their sizes to a thirtieth. For full size ${WHAT_TO_SET}.`);
  process.env.SLOW_MONGO_TOLD = '1'; // said here, once for all suites
}

/** For what measures or runs at full size: refuses the stand-in, whose figures would say nothing about a mongod. */
export function requireFastMongo() {
  if (isGiven() && basename(process.env.MONGOD ?? '') !== STAND_IN_PROGRAM) return;
  throw new Stop(`This needs a MongoDB server of full speed: ${WHAT_TO_SET}.`);
}

function isGiven() {
  return Boolean(process.env.MONGO_URL || process.env.MONGOD || ON_PATH.some(findProgram));
}

async function install(root) {
  console.log(`installing a MongoDB stand-in (${STAND_IN}, into .cache/)...`);
  const venv = venvOf(root);
  const made = await makeVenv(venv);
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', STAND_IN];
  const result = made.code === 0 ? await run(join(venv, 'bin', 'python'), pip, { quiet: true }) : made;
  if (result.code !== 0) {
    rmSync(venv, { recursive: true, force: true });
    throw new Stop(`${result.output.trimEnd()}\nThe tests need a MongoDB server, and ${NO_STAND_IN}: ${WHAT_TO_SET}.`);
  }
  writeFileSync(stampOf(root), stampText(root));
}

/** Debian's python3 comes without what makes an environment; root can add it. */
async function makeVenv(venv) {
  const make = () => run('python3', ['-m', 'venv', '--clear', venv], { quiet: true });
  const made = await make();
  if (made.code === 0 || !canAptInstall()) return made;
  await aptInstall(['python3-venv']);
  return make();
}

/** An environment holds its own path, so one that was moved or copied along with the project does not count. */
function isInstalled(root) {
  const needed = ['python', STAND_IN_PROGRAM].map((name) => join(venvOf(root), 'bin', name));
  return (
    needed.every(existsSync) && existsSync(stampOf(root)) && readFileSync(stampOf(root), 'utf8') === stampText(root)
  );
}

function venvOf(root) {
  return join(root, '.cache', 'mongo-venv');
}

function stampOf(root) {
  return join(venvOf(root), '.stamp');
}

function stampText(root) {
  return `${STAND_IN}\n${venvOf(root)}\n`;
}
