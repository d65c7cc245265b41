import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { endProcess, endWithUs } from './child-process';
import type { DdpAnswer, DdpOrder } from './ddp-node';
import type { Client } from './session-book';

const PROGRAM = path.join(__dirname, 'ddp-node.ts');

/** A node with clients of its own, in a process of its own: it can be killed, or be made to hang. */
export class DdpProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(natsUrl: string, nodeID: string): Promise<DdpProcess> {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, natsUrl, nodeID], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    endWithUs(child);
    const node = new DdpProcess(child);
    await node.answer();
    return node;
  }

  /** Opens a session for each client, and from then on sends heartbeats of them. Resolves once all are acknowledged. */
  async open(clients: readonly Client[], beatEveryMs: number): Promise<void> {
    const answer = this.answer();
    this.child.send({ open: clients, beatEveryMs } satisfies DdpOrder);
    expect(await answer).toEqual({ opened: clients.length, failures: [] });
  }

  /** Makes it hang until `thaw`. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** SIGTERM: it says that it leaves. SIGKILL: nobody is told. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    return endProcess(this.child, signal);
  }

  private async answer(): Promise<DdpAnswer> {
    const ended = new AbortController();
    const gone = once(this.child, 'exit', { signal: ended.signal }).then(() => {
      throw new Error('the node with clients ended');
    });
    try {
      const answered = once(this.child, 'message', { signal: ended.signal }) as Promise<[DdpAnswer]>;
      return (await Promise.race([answered, gone]))[0];
    } finally {
      gone.catch(() => undefined);
      ended.abort();
    }
  }
}
