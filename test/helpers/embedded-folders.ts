import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EmbeddedStore } from '../../lib/store/embedded-store';
import type { PresenceStore } from '../../lib/store/port';
import { connect, HISTORY_DAYS, NOW, REFRESH_AFTER_MS, work } from './presence-builders';

export const SESSIONS_FILE = 'usersSessions.db';

/** The module through which NeDB writes, to be spied on; it comes without types. */
export const storage = jest.requireActual<{
  appendFileAsync(file: string, lines: string): Promise<void>;
  crashSafeWriteFileLinesAsync(file: string, lines: readonly string[]): Promise<void>;
}>('@seald-io/nedb/lib/storage.js');

/** Folders and stores for the tests of one file; after each test the stores are closed and the folders removed. */
export function embeddedFolders() {
  const opened: EmbeddedStore[] = [];
  const folders: string[] = [];

  const newFolder = async (): Promise<string> => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'presence-'));
    folders.push(folder);
    return folder;
  };
  const openIn = async (dataDir: string): Promise<EmbeddedStore> => {
    const store = new EmbeddedStore({ dataDir, refreshAfterMs: REFRESH_AFTER_MS, historyDays: HISTORY_DAYS });
    await store.open();
    opened.push(store);
    return store;
  };
  /** What the next process finds if the one that holds the folder is killed now. */
  const openAfterKill = async (folder: string): Promise<EmbeddedStore> => {
    const copy = await newFolder();
    for (const name of await fs.readdir(folder)) {
      if (!name.startsWith('.lock-')) await fs.cp(path.join(folder, name), path.join(copy, name), { recursive: true });
    }
    return openIn(copy);
  };

  afterEach(async () => {
    jest.restoreAllMocks();
    try {
      for (const store of opened.splice(0)) await store.close();
    } finally {
      for (const folder of folders.splice(0)) await fs.rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
  return { newFolder, openIn, openAfterKill };
}

export const names = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);

/** Gives each user one session. */
export const connectAll = (store: PresenceStore, uids: readonly string[]) =>
  store.applySessions(
    uids.map((uid) => work(uid, connect(`of ${uid}`))),
    NOW,
  );

/** Those of the users that hold a session. */
export const connected = async (store: PresenceStore, uids: readonly string[]) => {
  const states = await store.applySessions(
    uids.map((uid) => work(uid)),
    NOW,
  );
  return states.filter(({ sessions }) => sessions.length > 0).map(({ uid }) => uid);
};
