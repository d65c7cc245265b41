import { eventually } from './eventually';
import { freePort } from './free-port';
import { NodeProcess } from './node-process';
import type { RocketChatNode } from './rocket-chat-node';

/** A replica in a process of its own, as tests of faults need it. */
export interface PresenceProcess {
  readonly id: string;
  readonly process: NodeProcess;
  /** The status of its health check: 200 or 500. */
  health(): Promise<number>;
}

export interface PresenceProcessOptions {
  readonly id: string;
  readonly natsUrl: string;
  /** Absent: the embedded store, in the DATA_DIR of `env`. */
  readonly mongoUrl?: string;
  readonly env: Record<string, string>;
}

const STARTS_WITHIN = { timeoutMs: 30_000 };

/** Starts a replica and waits until it serves a caller. */
export async function startPresenceProcess(
  core: RocketChatNode,
  { id, natsUrl, mongoUrl, env }: PresenceProcessOptions,
): Promise<PresenceProcess> {
  const port = await freePort();
  const process = NodeProcess.start({
    TRANSPORTER: natsUrl,
    ...(mongoUrl ? { MONGO_URL: mongoUrl } : {}),
    INSTANCE_ID: id,
    PORT: String(port),
    HEARTBEAT_INTERVAL: '1',
    LOG_LEVEL: 'warn',
    ...env,
  });
  try {
    await eventually(() => core.callAt(id, 'getConnectionCount'), STARTS_WITHIN);
  } catch (error) {
    await process.end('SIGKILL');
    throw new Error(`${id} does not serve:\n${process.output}`, { cause: error });
  }
  return { id, process, health: async () => (await fetch(`http://127.0.0.1:${port}/health`)).status };
}
