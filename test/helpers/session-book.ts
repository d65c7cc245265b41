import type { StoredPresence } from './chaos-oracle';
import type { RocketChatNode } from './rocket-chat-node';

/** A session as a client has it: a user with one connection to one node. */
export interface Client {
  readonly uid: string;
  readonly session: string;
}

export const uidsOf = (clients: readonly Client[]) => clients.map(({ uid }) => uid);

/** So many clients of users of their own: `name-0`, `name-1`, … */
export function clientsOf(name: string, count: number): Client[] {
  return Array.from({ length: count }, (_, i) => ({ uid: `${name}-${i}`, session: `${name}-${i}/s` }));
}

/** Makes the calls of one node's clients and keeps the book of what was acknowledged. */
export class SessionBook {
  private readonly open = new Map<string, string>();
  /** Calls that failed, as `type: message`. */
  readonly failures: string[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly node: RocketChatNode,
    private readonly nodeID = node.broker.nodeID,
  ) {}

  /** Sessions acknowledged and not ended. */
  get size(): number {
    return this.open.size;
  }

  async connect({ uid, session }: Client): Promise<void> {
    if (await this.call('newConnection', uid, session, this.nodeID)) this.open.set(session, uid);
  }

  async beat({ uid, session }: Client): Promise<void> {
    await this.call('updateConnection', uid, session);
  }

  async leave({ uid, session }: Client): Promise<void> {
    if (await this.call('removeConnection', uid, session)) this.open.delete(session);
  }

  /** From now on sends heartbeats of all clients, evenly, each so often. */
  keepBeating(clients: readonly Client[], everyMs: number): void {
    let sent = 0;
    const startedAt = performance.now();
    this.timer = setInterval(() => {
      const goal = (clients.length * (performance.now() - startedAt)) / everyMs;
      // After a pause of the process it does not send again what is long over.
      sent = Math.max(sent, Math.floor(goal) - clients.length);
      for (; sent < goal; sent += 1) void this.beat(clients[sent % clients.length]!);
    }, 20);
  }

  stopBeating(): void {
    clearInterval(this.timer);
  }

  /** Where a database holds other sessions of this node than were acknowledged: `-` missing, `+` too many. */
  differences({ sessions }: StoredPresence): string[] {
    const stored = new Map<string, string>();
    for (const [uid, all] of sessions) {
      for (const { id, instanceId } of all) if (instanceId === this.nodeID) stored.set(id, uid);
    }
    const missing = [...this.open].filter(([id, uid]) => stored.get(id) !== uid).map(([id]) => `-${id}`);
    const tooMany = [...stored].filter(([id, uid]) => this.open.get(id) !== uid).map(([id]) => `+${id}`);
    return [...missing, ...tooMany];
  }

  private async call(action: string, ...args: unknown[]): Promise<boolean> {
    try {
      await this.node.call(action, ...args);
      return true;
    } catch (error) {
      const { type, message } = error as { readonly type?: string; readonly message: string };
      this.failures.push(`${type}: ${message}`);
      return false;
    }
  }
}
