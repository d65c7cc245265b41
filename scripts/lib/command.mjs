import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** An expected end: its message is all the reader needs, without a stack. */
export class Stop extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs a command's work, which returns its exit code. That is set, not forced, so that output is never cut. */
export async function command(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(error.message);
    process.exitCode = error.exitCode;
  }
}

/**
 * Runs a program to its end, with this process's terminal or, when `quiet`, with its output kept for the caller.
 *
 * @returns its exit code, as a shell would give it (128 + n after signal n), and the output when `quiet`
 */
export function run(program, args, { cwd, env = {}, quiet = false } = {}) {
  return new Promise((resolve) => {
    const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const release = forwardSignals(child);
    const end = (code, text) => {
      release();
      resolve({ code, output: text ?? chunks.join('') });
    };
    child.once('error', (error) => end(127, `${program}: ${error.message}`));
    child.once('close', (code, signal) => end(code ?? 128 + constants.signals[signal]));
  });
}

/** While the child runs, a signal ends the child and through it this process; so its tidy stop is waited for. */
function forwardSignals(child) {
  const terminate = () => child.kill('SIGTERM');
  const interrupt = () => {
    if (!isInForeground()) child.kill('SIGINT');
  };
  process.on('SIGTERM', terminate);
  process.on('SIGINT', interrupt);
  return () => {
    process.off('SIGTERM', terminate);
    process.off('SIGINT', interrupt);
  };
}

/**
 * True when Ctrl-C at the terminal signals this whole process group, the child included: it must not get a second
 * SIGINT from here, which many programs take as "end at once". Linux tells it by the terminal's foreground group.
 */
function isInForeground() {
  try {
    const afterName = readFileSync('/proc/self/stat', 'utf8').split(') ').pop();
    const [, , group, , , terminalGroup] = afterName.split(' ');
    return group === terminalGroup;
  } catch {
    return process.stdin.isTTY === true;
  }
}
