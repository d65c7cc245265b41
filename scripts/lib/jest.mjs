import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from './command.mjs';

/** Runs jest with these arguments and answers its exit code; `reportCount` then tells the count. */
export async function runJest(root, args) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const all = [jest, '--json', `--outputFile=${resultFileOf(root)}`, ...args];
  return (await run(process.execPath, all, { cwd: root, env: { NODE_ENV: 'test' } })).code;
}

const SLOWEST = 10;

/** The ten slowest suites, then the count, alone on the last line. A suite that could not even be loaded counts as one failure. */
export function reportCount(root) {
  const results = takeResults(resultFileOf(root));
  if (!results) return;
  for (const line of slowest(root, results.testResults)) console.log(line);
  const skipped = results.numPendingTests + results.numTodoTests;
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${results.numPassedTests} passed, ${results.numFailedTests + results.numRuntimeErrorTestSuites} failed`);
}

function slowest(root, suites) {
  const timed = suites.map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }));
  timed.sort((a, b) => b.seconds - a.seconds);
  return timed
    .slice(0, SLOWEST)
    .map(({ name, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${relative(root, name)}`);
}

/** One file a run: two runs in one folder must not read each other's counts. */
function resultFileOf(root) {
  return join(root, '.cache', `jest-${process.pid}.json`);
}

function takeResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // jest did not get that far; it has said why
  } finally {
    rmSync(file, { force: true });
  }
}
