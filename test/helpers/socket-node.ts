import { freePort } from './free-port';
import { eventually } from './eventually';
import { NodeProcess } from './node-process';
import { ADMIN_TOKEN, TOKENS } from './socket-client';

/** A node without a bus, in a process of its own: what its memory holds is its own. */
export class SocketNode {
  private constructor(
    readonly port: number,
    readonly process: NodeProcess,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<SocketNode> {
    const port = await freePort();
    const process = NodeProcess.start({
      DATA_DIR: ':memory:',
      PORT: String(port),
      API_TOKENS: TOKENS,
      API_RATE_LIMIT: '0',
      API_AUTH_FAILURES: '0',
      WS_MAX_CLIENTS_PER_CALLER: '0',
      WS_MAX_IDS_PER_CALLER: '0',
      LOG_LEVEL: 'warn',
      ...env,
    });
    const node = new SocketNode(port, process);
    await eventually(async () => expect((await fetch(`${node.url}/health`)).status).toBe(200), { timeoutMs: 30_000 });
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Sets the statuses of up to 1,000 users by one request. */
  async setStatuses(items: readonly object[]): Promise<void> {
    const response = await fetch(`${this.url}/api/v1/users/status`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ items }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    await response.body?.cancel();
  }
}
