import type { ServiceBroker } from 'moleculer';

/** Told to the others in the service's metadata: lower ranks joined earlier. */
export interface KeeperMetadata {
  keeperRank?: number;
}

interface Replica {
  readonly nodeID: string;
  readonly rank: number;
}

/**
 * Who keeps the state among replicas whose stores are embedded: the one that joined first. The rank is a
 * ticket drawn on joining, not a time, for clocks of machines differ. All replicas that see the same nodes
 * elect the same keeper.
 */
export class KeeperElection {
  private rank: number | undefined;
  private elected: string | undefined;

  constructor(
    private readonly broker: ServiceBroker,
    private readonly serviceName: string,
  ) {}

  get keeper(): string | undefined {
    return this.elected;
  }

  get isHere(): boolean {
    return this.elected === this.broker.nodeID;
  }

  /** Draws the ticket behind all replicas in sight and notes it where the others will read it. */
  join(metadata: KeeperMetadata): void {
    this.rank = Math.max(0, ...this.others().map(({ rank }) => rank)) + 1;
    metadata.keeperRank = this.rank;
  }

  /** Looks who it is now. @returns whether that is another than before */
  elect(): boolean {
    if (this.rank === undefined) return false;
    const all = [...this.others(), { nodeID: this.broker.nodeID, rank: this.rank }];
    all.sort((a, b) => a.rank - b.rank || (a.nodeID < b.nodeID ? -1 : 1));
    const before = this.elected;
    this.elected = all[0]?.nodeID;
    return this.elected !== before;
  }

  private others(): Replica[] {
    return this.broker.registry
      .getServiceList({ onlyAvailable: true })
      .map((entry) => {
        // What the registry lists has a nodeID, which Moleculer's type of a schema does not know.
        const { name, nodeID, metadata } = entry as { name: string; nodeID?: string; metadata?: KeeperMetadata };
        return { name, nodeID, rank: metadata?.keeperRank };
      })
      .filter((entry): entry is Replica & { name: string } => entry.name === this.serviceName && isRank(entry.rank))
      .filter(({ nodeID }) => nodeID !== this.broker.nodeID);
  }
}

/** Any node may tell one. */
function isRank(rank: unknown): boolean {
  return Number.isSafeInteger(rank) && (rank as number) >= 0;
}
