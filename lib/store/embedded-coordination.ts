import type { Availability } from './availability';
import { DocumentFile } from './document-file';
import { HEARTBEATS_KEPT_MS } from './port';

/** A note younger than this is not written again. */
const NOTED_FOR_MS = 60 * 60_000;

interface NodeDocument {
  readonly _id: string;
  readonly heartbeats: true;
  readonly at: Date;
}

interface Lease {
  readonly holder: string;
  readonly untilMs: number;
}

/**
 * What replicas would agree on: there is one process here, so leases on jobs need no file; they end with it.
 * Which instances send heartbeats is durable, for sessions outlive the process too.
 */
export class EmbeddedCoordination {
  private readonly nodes: DocumentFile<NodeDocument>;
  private readonly leases = new Map<string, Lease>();

  /** @param filename absent: kept in memory only */
  constructor(filename?: string, availability?: Availability) {
    this.nodes = new DocumentFile(filename, availability);
  }

  /** Instances not noted for long are dropped here: each start of a Rocket.Chat node has a new id, so they only add up. */
  async open(): Promise<void> {
    await this.nodes.open();
    const past = [...this.nodes.values()].filter((node) => !isKept(node));
    await this.nodes.removeAll(past.map(({ _id }) => _id));
  }

  close(): Promise<void> {
    return this.nodes.close();
  }

  async noteHeartbeats(instanceId: string): Promise<void> {
    const known = this.nodes.get(instanceId);
    const nowMs = Date.now();
    if (known && nowMs - known.at.getTime() < NOTED_FOR_MS) return;
    await this.nodes.putAll([{ _id: instanceId, heartbeats: true, at: new Date(nowMs) }]);
  }

  heartbeatingInstances(): ReadonlySet<string> {
    return new Set([...this.nodes.values()].filter(isKept).map(({ _id }) => _id));
  }

  lead(job: string, holder: string, ttlMs: number): boolean {
    const nowMs = Date.now();
    const lease = this.leases.get(job);
    if (lease && lease.holder !== holder && lease.untilMs > nowMs) return false;
    this.leases.set(job, { holder, untilMs: nowMs + ttlMs });
    return true;
  }

  resign(job: string, holder: string): void {
    if (this.leases.get(job)?.holder === holder) this.leases.delete(job);
  }
}

function isKept({ at }: NodeDocument): boolean {
  return Date.now() - at.getTime() <= HEARTBEATS_KEPT_MS;
}
