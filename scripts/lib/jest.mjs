import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from './command.mjs';

const SLOWEST = 10;

/**
 * Runs jest with these arguments and answers its exit code; `reportCount` then tells the count of all such runs.
 *
 * @param under a command that runs another, in whose place it puts jest
 */
export async function runJest(root, args, { under = [], env = {} } = {}) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const file = join(root, '.cache', `${prefix()}${resultFilesOf(root).length}.json`);
  const [program, ...all] = [...under, process.execPath, jest, '--json', `--outputFile=${file}`, ...args];
  return (await run(program, all, { cwd: root, env: { NODE_ENV: 'test', ...env } })).code;
}

/** The ten slowest suites, then the count, alone on the last line. A suite that could not even be loaded is one failure. */
export function reportCount(root) {
  const runs = resultFilesOf(root).map(takeResults);
  if (runs.length === 0) return;
  const sum = (count) => runs.reduce((total, one) => total + count(one), 0);
  for (const line of slowest(
    root,
    runs.flatMap(({ testResults }) => testResults),
  ))
    console.log(line);
  const skipped = sum((one) => one.numPendingTests + one.numTodoTests);
  if (skipped > 0) console.log(`${skipped} skipped`);
  const failed = sum((one) => one.numFailedTests + one.numRuntimeErrorTestSuites);
  console.log(`${sum((one) => one.numPassedTests)} passed, ${failed} failed`);
}

function slowest(root, suites) {
  const timed = suites.map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }));
  timed.sort((a, b) => b.seconds - a.seconds);
  return timed
    .slice(0, SLOWEST)
    .map(({ name, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${relative(root, name)}`);
}

/** Files of this process: two commands in one folder must not read each other's counts. */
function resultFilesOf(root) {
  const folder = join(root, '.cache');
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix()))
    .map((name) => join(folder, name));
}

const prefix = () => `jest-${process.pid}-`;

function takeResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(file, { force: true });
  }
}
