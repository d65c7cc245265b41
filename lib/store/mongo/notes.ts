import type { NoteStore } from '../note-port';
import type { MongoConnection } from './connection';

interface NoteDocument {
  readonly _id: string;
  readonly note: object;
}

/** The MongoDB twin's notes, a collection of this service's own. */
export class MongoNotes implements NoteStore {
  constructor(private readonly connection: MongoConnection) {}

  read<T extends object>(name: string): Promise<T | undefined> {
    return this.connection.patiently(async () => (await this.notes().findOne({ _id: name }))?.note as T | undefined);
  }

  write(name: string, note: object): Promise<void> {
    return this.connection.patiently(async () => {
      await this.notes().updateOne({ _id: name }, { $set: { note } }, { upsert: true });
    });
  }

  private notes() {
    return this.connection.collection<NoteDocument>('presence_notes');
  }
}
