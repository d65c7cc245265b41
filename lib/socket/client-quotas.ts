export interface QuotaOptions {
  /** Clients of the node. */
  readonly maxClients: number;
  /** Connections of one caller; 0: not limited. */
  readonly maxOfCaller: number;
  /** Ids in all subscriptions of one caller; 0: not limited. */
  readonly maxIdsOfCaller: number;
}

interface Used {
  connections: number;
  ids: number;
}

/** What a connection holds of its caller's quota until it releases it. */
export interface ClientQuota {
  /** Takes this number of ids in place of the number before. @returns false where that is too many: nothing has changed then */
  holdIds(count: number): boolean;
  /** To be called once the connection is over; again does nothing. */
  release(): void;
}

/** Counts the connections that are authenticated and the ids they are subscribed to, by caller. */
export class ClientQuotas {
  private readonly callers = new Map<string, Used>();
  private readonly maxOfCaller: number;
  private readonly maxIds: number;
  private clients = 0;

  constructor(private readonly options: QuotaOptions) {
    this.maxOfCaller = options.maxOfCaller || Infinity;
    this.maxIds = options.maxIdsOfCaller || Infinity;
  }

  /** Clients that are authenticated. */
  get size(): number {
    return this.clients;
  }

  /** @param key of the caller @returns why there is no room where there is none */
  acquire(key: string): ClientQuota | 'full' | 'callerFull' {
    if (this.clients >= this.options.maxClients) return 'full';
    const used = this.callers.get(key) ?? { connections: 0, ids: 0 };
    if (used.connections >= this.maxOfCaller) return 'callerFull';
    this.callers.set(key, used);
    used.connections += 1;
    this.clients += 1;
    return this.quotaOf(key, used);
  }

  private quotaOf(key: string, used: Used): ClientQuota {
    let held = 0;
    let isReleased = false;
    return {
      holdIds: (count) => {
        if (used.ids - held + count > this.maxIds) return false;
        used.ids += count - held;
        held = count;
        return true;
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.clients -= 1;
        used.connections -= 1;
        used.ids -= held;
        if (used.connections === 0) this.callers.delete(key);
      },
    };
  }
}
