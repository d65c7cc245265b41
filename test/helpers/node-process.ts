import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { bareEnv } from './clock-env';
import { endWithUs } from './child-process';
import { eventually } from './eventually';

const MAIN = path.join(__dirname, '../../dist/main.js');

/** For `under`: the node has a terminal, as a person starts it. */
export const AT_TERMINAL = ['python3', '-c', 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)'];

/** The node as `npm start` runs it, from the build, in a process of its own. */
export class NodeProcess {
  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => (this.output += chunk));
    }
  }

  /** Everything it has printed so far. */
  output = '';

  /** @param under a command that runs another, e.g. in a network namespace, in whose place it puts it */
  static start(env: Record<string, string>, args: readonly string[] = [], under: readonly string[] = []): NodeProcess {
    const [program, ...rest] = [...under, process.execPath, MAIN, ...args];
    const child = spawn(program!, rest, {
      env: { ...bareEnv(), DRAIN_TIME: '0', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    endWithUs(child);
    return new NodeProcess(child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Waits until it has printed a text. */
  async says(text: string): Promise<void> {
    await eventually(() => expect(this.output).toContain(text), { timeoutMs: 60_000 });
  }

  /** Types a line at its prompt. */
  type(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  /** Ends it and answers its exit code, or the signal's name. */
  async end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | string> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill(signal);
      await once(this.child, 'exit');
    }
    return this.child.exitCode ?? this.child.signalCode!;
  }

  /** Waits for it to end by itself. */
  async exit(): Promise<number> {
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return this.child.exitCode!;
  }
}
