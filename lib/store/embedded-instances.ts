import type { DocumentFile } from './document-file';
import { countInstances } from './embedded-counts';
import type { EmbeddedLedger } from './embedded-ledger';
import type { SessionsDocument } from './embedded-owners';
import type { InstanceStore } from './instance-port';
import type { StoredInstance } from './port';

/** The embedded twin's instances. */
export class EmbeddedInstances implements InstanceStore {
  constructor(
    private readonly sessions: DocumentFile<SessionsDocument>,
    private readonly ledger: EmbeddedLedger,
  ) {}

  async outside(keep: ReadonlySet<string>): Promise<StoredInstance[]> {
    const stored = countInstances([...this.sessions.values()].map(({ connections }) => connections));
    return stored.filter(({ instanceId }) => !keep.has(instanceId));
  }

  async told(nowMs: number): Promise<ReadonlySet<string>> {
    return this.ledger.toldInstances(nowMs);
  }
}
