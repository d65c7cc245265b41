import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';

/** What a process holds, after a full garbage collection. */
export interface ProcessFigures {
  /** Open file descriptors, sockets included. */
  readonly descriptors: number;
  /** JavaScript heap and buffers outside it. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Active resources by Node.js's name: `Timeout`, `TCPSocketWrap`, … */
  readonly resources: Readonly<Record<string, number>>;
  /** Listeners on `process`. */
  readonly listeners: number;
  /** Delay of the event loop since the last look, collections of the look itself left out; 2 ms are the timer's own. */
  readonly loop: {
    readonly maxMs: number;
    readonly p99Ms: number;
    /** The most processor time spent between two turns of the loop: the same however busy the machine is. */
    readonly heldMs: number;
  };
}

export interface ProcessProbe {
  /** For the environment of the process: loads the probe into it. */
  readonly env: Readonly<Record<string, string>>;
  /** Asks the process. Rejects when it does not run. */
  figures(): Promise<ProcessFigures>;
}

const MEGABYTE = 1024 * 1024;

/** A probe for one process that is about to be started: `NodeProcess.start({ ...env, ...probe.env })`. */
export function processProbe(): ProcessProbe {
  const socketPath = path.join(tmpdir(), `probe-${randomUUID()}.sock`);
  const env = {
    NODE_OPTIONS: `--require ${path.join(__dirname, 'process-probe.cjs')}`,
    PROCESS_PROBE: socketPath,
  };
  return { env, figures: async () => JSON.parse(await text(connect(socketPath))) as ProcessFigures };
}

/** One line to print: what an attack has left behind. */
export function describeFigures(title: string, before: ProcessFigures, after: ProcessFigures): string {
  const heap = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
  const timers = (figures: ProcessFigures) => figures.resources.Timeout ?? 0;
  return [
    `${title}: descriptors ${before.descriptors} → ${after.descriptors}`,
    `heap ${heap(before.heapBytes)} → ${heap(after.heapBytes)} MB`,
    `timers ${timers(before)} → ${timers(after)}`,
    `loop delay at most ${after.loop.maxMs.toFixed(0)} ms, of which ${after.loop.heldMs.toFixed(0)} ms in one turn`,
  ].join(', ');
}
