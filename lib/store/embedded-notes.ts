import type { Availability } from './availability';
import { DocumentFile } from './document-file';
import type { NoteStore } from './note-port';

interface NoteDocument {
  readonly _id: string;
  readonly note: object;
}

/** The embedded twin's notes. */
export class EmbeddedNotes implements NoteStore {
  private readonly notes: DocumentFile<NoteDocument>;

  /** @param filename absent: kept in memory only */
  constructor(filename?: string, availability?: Availability) {
    this.notes = new DocumentFile(filename, availability);
  }

  open(): Promise<void> {
    return this.notes.open();
  }

  close(): Promise<void> {
    return this.notes.close();
  }

  async read<T extends object>(name: string): Promise<T | undefined> {
    return this.notes.get(name)?.note as T | undefined;
  }

  write(name: string, note: object): Promise<void> {
    return this.notes.putAll([{ _id: name, note }]);
  }
}
