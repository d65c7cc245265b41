/** A few small durable notes, each under its name: how far something is that goes on for long. Methods reject with STORE_UNAVAILABLE. */
export interface NoteStore {
  /** @returns undefined where nothing is noted */
  read<T extends object>(name: string): Promise<T | undefined>;
  write(name: string, note: object): Promise<void>;
}
