import { appendFileSync, promises as fs } from 'node:fs';
import path from 'node:path';
import type { Command } from '../../../domain/commands';
import { PresenceEngine } from '../../../lib/desk/engine';
import { DocumentFile } from '../../../lib/store/document-file';
import { connected, connectAll, embeddedFolders, SESSIONS_FILE, storage } from '../../helpers/embedded-folders';
import { NOW, userRecord, work } from '../../helpers/presence-builders';

const { newFolder, openIn, openAfterKill } = embeddedFolders();
const unavailable = { type: 'STORE_UNAVAILABLE', retryable: true };

/** The disk is full in the middle of the next write. */
function tearNextWrite(): void {
  jest.spyOn(storage, 'appendFileAsync').mockImplementationOnce(async (file, lines) => {
    appendFileSync(file, lines.slice(0, lines.length / 2));
    throw new Error('ENOSPC: no space left on device');
  });
}

/** Puts a folder where the file is; answers how to put the file back. */
async function takeAway(file: string): Promise<() => Promise<void>> {
  await fs.rename(file, `${file}.away`);
  await fs.mkdir(file);
  return async () => {
    await fs.rmdir(file);
    await fs.rename(`${file}.away`, file);
  };
}

describe('a write that fails', () => {
  it('says so once, and that it works again once a write has worked', async () => {
    const store = await openIn(await newFolder());
    const said: (string | undefined)[] = [];
    store.availability.onChange((fault) => said.push(fault));
    const full = jest.spyOn(storage, 'appendFileAsync').mockRejectedValue(new Error('ENOSPC: no space left on device'));
    const noRoom = jest.spyOn(storage, 'crashSafeWriteFileLinesAsync').mockRejectedValue(new Error('ENOSPC'));
    for (const uid of ['a', 'b']) await expect(connectAll(store, [uid])).rejects.toMatchObject(unavailable);
    await store.refresh();
    expect([store.isThere, said]).toEqual([false, [expect.stringContaining('ENOSPC: no space left on device')]]);
    full.mockRestore();
    noRoom.mockRestore();
    // Nobody writes: that there is room again is found by looking.
    await store.refresh();
    expect([store.isThere, said.slice(1)]).toEqual([true, [undefined]]);
    await connectAll(store, ['c']);
    expect(await connected(store, ['a', 'b', 'c'])).toEqual(['c']);
  });

  it('half-way is refused, and costs nothing that was acknowledged', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    await connectAll(store, ['before']);
    tearNextWrite();
    await expect(connectAll(store, ['failed'])).rejects.toMatchObject(unavailable);
    expect(await connected(await openAfterKill(folder), ['before', 'failed'])).toEqual(['before']);
    await connectAll(store, ['after']);
    expect(await connected(await openAfterKill(folder), ['before', 'after'])).toEqual(['before', 'after']);
    await store.close();
    expect(await connected(await openIn(folder), ['before', 'after'])).toEqual(['before', 'after']);
  });

  it('is refused as long as the file cannot be written, and works again when it can', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    await connectAll(store, ['before']);
    const putBack = await takeAway(path.join(folder, SESSIONS_FILE));
    for (let i = 0; i < 3; i++) await expect(connectAll(store, ['failed'])).rejects.toMatchObject(unavailable);
    expect(await connected(store, ['before'])).toEqual(['before']);
    await putBack();
    await connectAll(store, ['after']);
    await connectAll(store, ['failed']);
    const all = ['before', 'failed', 'after'];
    expect(await connected(store, all)).toEqual(all);
    expect(await connected(await openAfterKill(folder), all)).toEqual(all);
  });

  it('in part of a batch leaves a file that opens after a kill', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    await connectAll(store, ['old']);
    tearNextWrite();
    const leave = { kind: 'disconnect', session: 'of old' } as const;
    const batch = [work('new', { kind: 'connect', session: 'n', instanceId: 'node1' }), work('old', leave)];
    await expect(store.applySessions(batch, NOW)).rejects.toMatchObject(unavailable);
    await openAfterKill(folder);
  });

  it('leaves sessions, their owners and their count of one mind once the file is well', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    tearNextWrite();
    await expect(connectAll(store, ['failed'])).rejects.toMatchObject(unavailable);
    await connectAll(store, ['after']);
    const holders = await connected(store, ['failed', 'after']);
    const { owners } = await store.ownersOfSessions(['of failed', 'of after']);
    expect([...owners.values()].flat()).toEqual(holders);
    expect((await store.connections(NOW)).current).toBe(holders.length);
  });

  it('of a claim with an end leaves no claim that is never found expired', async () => {
    const store = await openIn(await newFolder());
    const [u1, u2] = [userRecord('u1'), userRecord('u2')];
    const after = { ...u1, statusDefault: 'busy', statusExpiresAt: new Date(NOW - 1), presenceRev: 1 } as const;
    tearNextWrite();
    await expect(store.writePresence([{ before: u1, after, sessionsRev: 0 }])).rejects.toMatchObject(unavailable);
    await store.writePresence([{ before: u2, after: { ...u2, presenceRev: 1 }, sessionsRev: 0 }]);
    const [state] = await store.applySessions([work('u1')], NOW);
    expect(await store.usersExpired(NOW)).toEqual(state!.user?.statusExpiresAt ? ['u1'] : []);
  });

  it('of presence is told later, when the user is decided again', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    const told: string[] = [];
    const engine = new PresenceEngine({
      store,
      clock: () => NOW,
      onChanges: (changes) => told.push(...changes.map(({ after }) => `${after._id} is ${after.status}`)),
    });
    const run = (uid: string, kind: 'connect' | 'heartbeat') => {
      const command: Command = { uid, kind: 'session', session: { kind, session: `of ${uid}`, instanceId: 'node1' } };
      return engine.run([command]);
    };
    const putBack = await takeAway(path.join(folder, 'users.db'));
    await expect(run('u1', 'connect')).rejects.toMatchObject(unavailable);
    expect(told).toEqual([]);
    await putBack();
    await run('u2', 'connect');
    await run('u1', 'heartbeat');
    expect(told).toEqual(['u2 is online', 'u1 is online']);
  });

  it('and was to remove documents leaves them all, here and in the file', async () => {
    const filename = path.join(await newFolder(), 'some.db');
    const file = new DocumentFile<{ _id: string }>(filename);
    await file.open();
    await file.putAll(['a', 'b', 'c'].map((_id) => ({ _id })));
    const ids = () => [...file.values()].map(({ _id }) => _id).sort();
    tearNextWrite();
    await expect(file.removeAll(['a', 'b'])).rejects.toMatchObject(unavailable);
    expect(ids()).toEqual(['a', 'b', 'c']);
    await file.removeAll(['c', 'never']);
    await file.close();
    await file.open();
    expect(ids()).toEqual(['a', 'b']);
    await file.close();
  });
});
