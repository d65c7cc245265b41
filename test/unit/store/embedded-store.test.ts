import { once } from 'node:events';
import { appendFileSync, promises as fs } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { IN_MEMORY } from '../../../lib/store/embedded-store';
import type { PresenceStore } from '../../../lib/store/port';
import { connected, connectAll, embeddedFolders, names, SESSIONS_FILE, storage } from '../../helpers/embedded-folders';
import { away, connect, disconnect, NOW, userRecord, work } from '../../helpers/presence-builders';
import { describeStoreContract, type StoreUnderTest } from '../../helpers/store-contract';

const { newFolder, openIn, openAfterKill } = embeddedFolders();

const seedUsers = async (store: PresenceStore, users: Parameters<StoreUnderTest['seedUsers']>[0]) => {
  await store.writePresence(users.map((after) => ({ before: { ...after, presenceRev: 0 }, after, sessionsRev: 0 })));
};
const underTest = async (folder: string): Promise<StoreUnderTest> => {
  const store = await openIn(folder);
  return {
    store,
    seedUsers: (users) => seedUsers(store, users),
    afterKill: () => openAfterKill(folder),
    dispose: async () => {},
  };
};
describeStoreContract('embedded, in memory', () => underTest(IN_MEMORY), { isDurable: false });
describeStoreContract('embedded, in files', async () => underTest(await newFolder()));

const fileSize = async (folder: string) => (await fs.stat(path.join(folder, SESSIONS_FILE))).size;

describe('durability', () => {
  const state = async (store: PresenceStore) => ({
    users: await store.applySessions([work('u1'), work('u2'), work('new')], NOW),
    owners: await store.ownersOfSessions(['a', 'b']),
    expired: await store.usersExpired(NOW),
    counts: await store.connections(NOW),
    broadcast: await store.broadcastEnabled(),
  });
  const fill = async (store: PresenceStore) => {
    const claim = { statusDefault: 'busy', statusSource: 'internal', statusExpiresAt: new Date(NOW - 1) } as const;
    await seedUsers(store, [userRecord('u1', { ...claim, previousState: claim }), userRecord('u2')]);
    await store.applySessions([work('u1', connect('a'), connect('b'), connect('c'), disconnect('c'), away('a'))], NOW);
    await store.setBroadcastEnabled(false);
    await connectAll(store, ['new']);
  };

  it('keeps everything over close and open', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    await fill(store);
    const before = await state(store);
    expect(before).toMatchObject({ expired: ['u1'], counts: { current: 3, peak: 3 }, broadcast: false });
    await store.close();
    await store.close();
    expect(await state(await openIn(folder))).toEqual(before);
  });

  it('keeps everything when the process is killed', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    await fill(store);
    expect(await state(await openAfterKill(folder))).toEqual(await state(store));
  });

  it('keeps a peak that it has told when the process is killed', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    await connectAll(store, names(4));
    expect(await store.connections(NOW)).toEqual({ current: 4, peak: 4 });
    await store.applySessions([work('u0', disconnect('of u0'))], NOW);
    expect(await (await openAfterKill(folder)).connections(NOW)).toEqual({ current: 3, peak: 4 });
  });

  it.each(['constructor', '$set', 'a.b', '42', '{"_id":1}\n'])('keeps a user whose id is %j', async (uid) => {
    const folder = await newFolder();
    await connectAll(await openIn(folder), ['before', uid, 'after']);
    expect(await connected(await openAfterKill(folder), ['before', uid, 'after'])).toEqual(['before', uid, 'after']);
  });

  it('refuses every call once closed', async () => {
    const store = await openIn(await newFolder());
    await store.close();
    await expect(connectAll(store, ['u0'])).rejects.toMatchObject({ type: 'STORE_UNAVAILABLE' });
  });

  it('keeps its files from the eyes of others', async () => {
    const folder = await newFolder();
    await connectAll(await openIn(folder), ['u0']);
    const files = (await fs.readdir(folder)).filter((name) => name.endsWith('.db'));
    const modes = await Promise.all(files.map(async (name) => (await fs.stat(path.join(folder, name))).mode & 0o777));
    expect(modes).toEqual(files.map(() => 0o600));
    expect(files.length).toBeGreaterThanOrEqual(5);
  });

  /** Writes users often enough for one compaction. NeDB's appends are done at once, which is much faster. */
  const writeOften = async (store: PresenceStore, uids: readonly string[]) => {
    jest.spyOn(storage, 'appendFileAsync').mockImplementation(async (file, lines) => appendFileSync(file, lines));
    for (let round = 0; round * uids.length < 21_000; round++) {
      const flip = round % 2 ? connect : away;
      await store.applySessions(
        uids.map((uid) => work(uid, flip(`of ${uid}`))),
        NOW + round,
      );
    }
  };

  it('keeps its file small however often a user is written', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    const uids = names(50);
    await connectAll(store, uids);
    const oneLine = (await fileSize(folder)) / uids.length;
    await writeOften(store, uids);
    expect(await fileSize(folder)).toBeLessThan(2_000 * oneLine);
    expect(await connected(await openAfterKill(folder), uids)).toEqual(uids);
    await store.close();
    expect(await fileSize(folder)).toBeLessThan(2 * uids.length * oneLine);
  });

  it('fails no caller when the file cannot be made small', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    await connectAll(store, names(50));
    const compaction = jest.spyOn(storage, 'crashSafeWriteFileLinesAsync').mockRejectedValueOnce(new Error('ENOSPC'));
    await writeOften(store, names(50));
    expect(compaction).toHaveBeenCalledTimes(1);
    expect(await connected(await openAfterKill(folder), names(50))).toEqual(names(50));
  });
});

describe('damage', () => {
  const damaged = async (users: number, damage: (text: string) => string) => {
    const folder = await newFolder();
    const store = await openIn(folder);
    await connectAll(store, names(users));
    await store.close();
    const file = path.join(folder, SESSIONS_FILE);
    const text = await fs.readFile(file, 'utf8');
    await fs.writeFile(file, damage(text));
    return { folder, text, file };
  };
  const half = '{"_id":"torn","connections":[{"id":"schö';

  it.each([0, 1, 2, 30])('cuts a torn last line behind %d whole ones', async (users) => {
    const { folder } = await damaged(users, (text) => text + half);
    const store = await openIn(folder);
    expect(await connected(store, [...names(users), 'torn'])).toEqual(names(users));
    await connectAll(store, ['later']);
    expect(await connected(await openAfterKill(folder), ['torn', 'later'])).toEqual(['later']);
  });

  it('cuts a torn line that is very long', async () => {
    const { folder } = await damaged(2, (text) => text + half + 'x'.repeat(200_000));
    expect(await connected(await openIn(folder), names(2))).toEqual(names(2));
  });

  it.each([0, 15, 29])(
    'refuses a file damaged in line %d of 30, naming the file, and leaves it as it is',
    async (line) => {
      const { folder, file } = await damaged(30, (text) => text.split('\n').with(line, half).join('\n'));
      const found = await fs.readFile(file, 'utf8');
      await expect(openIn(folder)).rejects.toThrow(SESSIONS_FILE);
      expect(await fs.readFile(file, 'utf8')).toBe(found);
    },
  );

  it('lets go of the folder when it cannot open', async () => {
    const { folder, file, text } = await damaged(3, (whole) => half + '\n' + whole);
    await expect(openIn(folder)).rejects.toThrow(SESSIONS_FILE);
    await fs.writeFile(file, text);
    expect(await connected(await openIn(folder), names(3))).toEqual(names(3));
  });

  it('is not misled by a half-written copy beside the file', async () => {
    const { folder, file } = await damaged(2, (text) => text);
    await fs.writeFile(`${file}~`, half);
    expect(await connected(await openIn(folder), names(2))).toEqual(names(2));
  });
});

describe('the folder', () => {
  it('is refused to a second store while the first lives, which does not suffer', async () => {
    const folder = await newFolder();
    const first = await openIn(folder);
    for (let i = 0; i < 2; i++) await expect(openIn(folder)).rejects.toThrow(/in use/);
    await connectAll(first, ['u0']);
    await first.close();
    expect(await connected(await openIn(folder), ['u0'])).toEqual(['u0']);
  });

  it('is held too when its path is too long for a socket', async () => {
    const folder = path.join(await newFolder(), 'x'.repeat(60), 'y'.repeat(60));
    const first = await openIn(folder);
    await expect(openIn(folder)).rejects.toThrow(/in use/);
    await first.close();
    await openIn(folder);
  });

  it.each(['new', 'left by a killed process'])(
    'goes to one only of several that start at once, when it is %s',
    async (kind) => {
      const folder = await newFolder();
      if (kind !== 'new') await leaveLock(folder);
      const results = await Promise.allSettled(Array.from({ length: 5 }, () => openIn(folder)));
      expect(results.map(({ status }) => status).filter((status) => status === 'fulfilled')).toHaveLength(1);
    },
  );

  it('is not taken from one that found it free by another that found the same dead lock', async () => {
    const folder = await newFolder();
    await leaveLock(folder);
    const remove = fs.rm;
    let removals = 0;
    jest.spyOn(fs, 'rm').mockImplementation(async (...args) => {
      // The second of both. Whoever holds the folder also removes what one that gave up has left, and must not wait for himself.
      if (String(args[0]).endsWith('.lock-dead') && removals++ > 0) await Promise.any(starters);
      return remove(...args);
    });
    const starters = [openIn(folder), openIn(folder)];
    const results = await Promise.allSettled(starters);
    expect(results.map(({ status }) => status).filter((status) => status === 'fulfilled')).toHaveLength(1);
  });
});

/** Leaves the socket file of a lock nobody holds, as a killed process does. */
async function leaveLock(folder: string): Promise<void> {
  const server = net.createServer();
  await once(server.listen(path.join(folder, 'listening')), 'listening');
  await fs.rename(path.join(folder, 'listening'), path.join(folder, '.lock-dead'));
  server.close();
  await once(server, 'close');
}
