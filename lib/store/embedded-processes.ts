import { sighted, type NodeProcess, type ProcessSighting } from '../../domain/node-process';
import { Turns } from '../turns';
import type { Availability } from './availability';
import { DocumentFile } from './document-file';
import { PROCESSES_KEPT_MS, type ProcessMarks } from './instance-port';

interface ProcessDocument extends NodeProcess {
  readonly _id: string;
  readonly at: Date;
}

/** Which process each node is: durable, for sessions outlive this process, and nodes are replaced while it is down. */
export class EmbeddedProcesses {
  private readonly documents: DocumentFile<ProcessDocument>;
  private readonly turns = new Turns();

  /** @param filename absent: kept in memory only */
  constructor(filename: string | undefined, availability: Availability) {
    this.documents = new DocumentFile(filename, availability);
  }

  async open(): Promise<void> {
    await this.documents.open();
    const past = [...this.documents.values()].filter(({ at }) => Date.now() - at.getTime() > PROCESSES_KEPT_MS);
    await this.documents.removeAll(past.map(({ _id }) => _id));
  }

  close(): Promise<void> {
    return this.turns.take(() => this.documents.close());
  }

  all(): NodeProcess[] {
    return [...this.documents.values()].map(withoutKeys);
  }

  note(sighting: ProcessSighting): Promise<NodeProcess> {
    return this.turns.take(async () => {
      const known = this.documents.get(sighting.id);
      const now = sighted(known && withoutKeys(known), sighting);
      await this.put(now);
      return now;
    });
  }

  mark(id: string, process: string, marks: ProcessMarks): Promise<void> {
    return this.turns.take(async () => {
      const known = this.documents.get(id);
      if (known?.process === process) await this.put({ ...withoutKeys(known), ...marks });
    });
  }

  private put(process: NodeProcess): Promise<void> {
    return this.documents.putAll([{ ...process, _id: process.id, at: new Date() }]);
  }
}

function withoutKeys({ _id, at: _at, ...process }: ProcessDocument): NodeProcess {
  return process;
}
