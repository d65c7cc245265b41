import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.mjs';

/** Runs jest with these arguments and answers its exit code; `reportCount` then tells the count. */
export async function runJest(root, args) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const all = [jest, '--json', `--outputFile=${resultFileOf(root)}`, ...args];
  return (await run(process.execPath, all, { cwd: root, env: { NODE_ENV: 'test' } })).code;
}

/** The count, alone on the last line. A suite that could not even be loaded counts as one failure. */
export function reportCount(root) {
  const results = takeResults(resultFileOf(root));
  if (!results) return;
  const skipped = results.numPendingTests + results.numTodoTests;
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${results.numPassedTests} passed, ${results.numFailedTests + results.numRuntimeErrorTestSuites} failed`);
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
