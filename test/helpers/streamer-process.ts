import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { endProcess, endWithUs } from './child-process';
import { eventually } from './eventually';
import type { StreamerCounts, StreamerOrder } from './streamer-node';

const PROGRAM = path.join(__dirname, 'streamer-node.ts');

/** A process that acts as the genuine ddp-streamer: a rejected login or logout ends it. */
export class StreamerProcess {
  private counts: StreamerCounts = { made: 0, answered: 0 };
  private said = '';

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (counts: StreamerCounts) => (this.counts = counts));
    child.stderr!.setEncoding('utf8');
    child.stderr!.on('data', (chunk: string) => (this.said += chunk));
  }

  static async start(natsUrl: string, nodeID: string): Promise<StreamerProcess> {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, natsUrl, nodeID], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    endWithUs(child);
    const streamer = new StreamerProcess(child);
    await once(child, 'message');
    return streamer;
  }

  tell(order: StreamerOrder): void {
    if (this.isAlive) this.child.send(order);
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it said when it died; empty while it lives. */
  get lastWords(): string {
    return this.isAlive ? '' : this.said || 'it is gone';
  }

  /** Resolves once it has made this many calls and all of them are answered. */
  async hasAnswers(calls: number, timeoutMs: number): Promise<void> {
    await eventually(
      () => {
        expect(this.lastWords).toBe('');
        expect(this.counts.made).toBeGreaterThanOrEqual(calls);
        expect(this.counts.answered).toBe(this.counts.made);
      },
      { timeoutMs },
    );
  }

  end(): Promise<void> {
    return endProcess(this.child, 'SIGKILL');
  }
}
