import type { Collection } from 'mongodb';
import { sighted, type NodeProcess, type ProcessSighting } from '../../../domain/node-process';
import { PresenceError } from '../../wire/errors';
import type { InstanceStore, ProcessMarks, StoredInstance } from '../instance-port';
import { isDuplicate } from './bulk';
import type { MongoConnection } from './connection';
import type { MongoLedger } from './ledger';
import type { MongoQueries } from './queries';

export const PROCESSES_COLLECTION = 'presence_processes';
/** More lost races than this on one node, and the next look notes it. */
const MAX_ATTEMPTS = 16;

/** An index ends documents PROCESSES_KEPT_MS after `at` (indexes.ts). */
interface ProcessDocument extends Omit<NodeProcess, 'id'> {
  readonly _id: string;
  readonly at: Date;
}

/** The MongoDB twin's instances. */
export class MongoInstances implements InstanceStore {
  constructor(
    private readonly connection: MongoConnection,
    private readonly queries: MongoQueries,
    private readonly ledger: MongoLedger,
  ) {}

  outside(keep: ReadonlySet<string>): Promise<StoredInstance[]> {
    return this.queries.instancesOutside(keep);
  }

  told(nowMs: number): Promise<ReadonlySet<string>> {
    return this.ledger.toldInstances(nowMs);
  }

  ownersOfLost(instanceId: string, process: string): Promise<string[]> {
    return this.queries.ownersOfLost(instanceId, process);
  }

  processes(): Promise<NodeProcess[]> {
    return this.connection.patiently(async () => (await this.documents().find({}).toArray()).map(processOf));
  }

  noteProcess(sighting: ProcessSighting): Promise<NodeProcess> {
    return this.connection.patiently(async () => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const document = await this.documents().findOne({ _id: sighting.id });
        const known = document ? processOf(document) : undefined;
        const now = sighted(known, sighting);
        if (await this.put(known, now)) return now;
      }
      throw new PresenceError('CONFLICT', 'other replicas kept noting the process of the same node');
    });
  }

  markProcess(id: string, process: string, marks: ProcessMarks): Promise<void> {
    return this.connection.patiently(async () => {
      await this.documents().updateOne({ _id: id, process }, { $set: { ...marks } });
    });
  }

  /** @returns whether it was still as known */
  private async put(known: NodeProcess | undefined, { id, ...now }: NodeProcess): Promise<boolean> {
    const document: ProcessDocument = { ...now, _id: id, at: new Date() };
    try {
      if (!known) await this.documents().insertOne(document);
      else if (known.process === now.process && known.sinceMs === now.sinceMs) {
        await this.documents().updateOne({ _id: id }, { $set: { at: document.at } });
      } else {
        const since = known.sinceMs === undefined ? { $exists: false } : known.sinceMs;
        const filter: object = { _id: id, process: known.process, sinceMs: since };
        return (await this.documents().replaceOne(filter, document)).matchedCount === 1;
      }
      return true;
    } catch (thrown) {
      if (isDuplicate(thrown)) return false;
      throw thrown;
    }
  }

  private documents(): Collection<ProcessDocument> {
    return this.connection.collection(PROCESSES_COLLECTION);
  }
}

function processOf({ _id, at: _at, ...process }: ProcessDocument): NodeProcess {
  return { ...process, id: _id };
}
