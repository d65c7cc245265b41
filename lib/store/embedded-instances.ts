import type { LostSession } from '../../domain/lost-sessions';
import type { NodeProcess, ProcessSighting } from '../../domain/node-process';
import type { DocumentFile } from './document-file';
import { countInstances } from './embedded-counts';
import type { EmbeddedLedger } from './embedded-ledger';
import type { SessionsDocument } from './embedded-owners';
import type { EmbeddedProcesses } from './embedded-processes';
import type { InstanceStore, ProcessMarks, StoredInstance } from './instance-port';

/** The embedded twin's instances. */
export class EmbeddedInstances implements InstanceStore {
  constructor(
    private readonly sessions: DocumentFile<SessionsDocument>,
    private readonly ledger: EmbeddedLedger,
    private readonly kept: EmbeddedProcesses,
  ) {}

  async outside(keep: ReadonlySet<string>): Promise<StoredInstance[]> {
    const stored = countInstances([...this.sessions.values()].map(({ connections }) => connections));
    return stored.filter(({ instanceId }) => !keep.has(instanceId));
  }

  async told(nowMs: number): Promise<ReadonlySet<string>> {
    return this.ledger.toldInstances(nowMs);
  }

  async ownersOfLost(instanceId: string, process: string): Promise<string[]> {
    const isOf = (one: LostSession) => one.instanceId === instanceId && one.process === process;
    return [...this.sessions.values()].filter(({ lost }) => lost?.some(isOf)).map(({ _id }) => _id);
  }

  async processes(): Promise<NodeProcess[]> {
    return this.kept.all();
  }

  noteProcess(sighting: ProcessSighting): Promise<NodeProcess> {
    return this.kept.note(sighting);
  }

  markProcess(id: string, process: string, marks: ProcessMarks): Promise<void> {
    return this.kept.mark(id, process, marks);
  }
}
