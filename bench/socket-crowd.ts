import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { endProcess, endWithUs } from '../test/helpers/child-process';

export interface ClientsOrder {
  readonly port: number;
  readonly path: string;
  readonly token: string;
  readonly clients: number;
}

/** When clients were told of which change; epoch milliseconds. */
export interface Arrivals {
  readonly marks: Float64Array;
  readonly atMs: Float64Array;
  /** Connections that were closed so far. */
  readonly lost: number;
}

/** WebSocket clients, in processes of their own. */
export class SocketCrowd {
  private constructor(private readonly processes: readonly ChildProcess[]) {}

  /** Connects and subscribes them all; each has its snapshot then. */
  static async open(order: ClientsOrder, processes: number): Promise<SocketCrowd> {
    const children = Array.from({ length: processes }, () => {
      const child = spawn(process.execPath, ['--import', 'tsx', path.join(__dirname, 'socket-clients.ts')], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        serialization: 'advanced',
      });
      endWithUs(child);
      return child;
    });
    const clients = order.clients / processes;
    await Promise.all(
      children.map(async (child) => {
        child.send({ ...order, clients });
        await once(child, 'message');
      }),
    );
    return new SocketCrowd(children);
  }

  async take(): Promise<Arrivals[]> {
    return Promise.all(
      this.processes.map(async (child) => {
        const answer = once(child, 'message') as Promise<[Arrivals]>;
        child.send('take');
        return (await answer)[0];
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((child) => endProcess(child, 'SIGTERM')));
  }
}
