import { promises as fs } from 'node:fs';
import path from 'node:path';
import type { SessionCommand } from '../../../domain/sessions';
import { makeDataDirectory } from '../../../lib/store/data-directory';
import { callback } from '../../helpers/callback-builders';
import { connectAll, embeddedFolders } from '../../helpers/embedded-folders';
import { NOW, userRecord, work } from '../../helpers/presence-builders';

const { newFolder, openIn } = embeddedFolders();

const modeOf = async (file: string) => ((await fs.stat(file)).mode & 0o777).toString(8);

/** All that the files of a folder hold. */
async function textIn(folder: string): Promise<string> {
  const names = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name));
  return (await Promise.all(files.map((file) => fs.readFile(file, 'utf8')))).join('\n');
}

describe('files of the embedded store', () => {
  it('hold nothing any more of history that was erased, once that is answered', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    const row = { rev: 1, at: new Date(NOW), to: 'busy', cause: 'claim' } as const;
    const rows = ['ann', 'bob'].map((uid) => ({ ...row, _id: `${NOW}-${uid}`, uid, text: `text of ${uid}` }));
    await store.history.append(rows, NOW);
    expect(await textIn(folder)).toContain('text of ann');
    expect(await store.history.erase('ann')).toBe(1);
    const left = await textIn(folder);
    expect([left.includes('ann'), left.includes('text of bob')]).toEqual([false, true]);
  });

  it('hold no secret any more of a webhook that was removed, nor one that was taken back', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    const [first, second] = ['whsec_first-secret', 'whsec_second-secret'];
    const before = callback('c1', { secret: first });
    await store.callbacks.add(before);
    await store.callbacks.replace(before, { ...before, secret: second, rev: before.rev + 1 });
    const rotated = await textIn(folder);
    expect([rotated.includes(first), rotated.includes(second)]).toEqual([false, true]);
    await store.callbacks.remove('c1');
    expect(await textIn(folder)).not.toContain('whsec_');
  });

  it('hold nothing any more of users that were removed', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    await connectAll(store, ['ann', 'bob']);
    const disconnect: SessionCommand = { kind: 'disconnect', session: 'of ann' };
    await store.writePresence(
      ['ann', 'bob'].map((uid) => {
        const after = userRecord(uid, { status: 'online', statusText: `text of ${uid}`, presenceRev: 1 });
        return { before: { _id: uid, presenceRev: 0 }, after, sessionsRev: 1 };
      }),
    );
    const offline = userRecord('ann', { presenceRev: 2 });
    await store.applySessions([work('ann', disconnect)], NOW);
    await store.writePresence([{ before: userRecord('ann', { presenceRev: 1 }), after: offline, sessionsRev: 2 }]);
    await store.removeUsers(['ann']);
    const left = await textIn(folder);
    expect([left.includes('ann'), left.includes('text of bob')]).toEqual([false, true]);
  });

  it('are for their owner alone, and so is their folder, also one that was there before', async () => {
    const parent = await newFolder();
    const [made, given] = [path.join(parent, 'made'), path.join(parent, 'given')];
    await fs.mkdir(given, { mode: 0o755 });
    await fs.chmod(given, 0o755);
    await fs.writeFile(path.join(given, 'usersSessions.db'), '', { mode: 0o644 }); // as a release before has left it
    for (const folder of [made, given]) {
      const store = await openIn(folder);
      await connectAll(store, ['ann']);
      expect([await modeOf(folder), await modeOf(path.join(folder, 'usersSessions.db'))]).toEqual(['700', '600']);
    }
  });

  it('cannot be where a file is, or in one: DATA_DIR is named', async () => {
    const file = path.join(await newFolder(), 'file');
    await fs.writeFile(file, '');
    await expect(makeDataDirectory(file)).rejects.toThrow(`DATA_DIR ${file}: is no folder`);
    await expect(makeDataDirectory(path.join(file, 'below'))).rejects.toThrow(/^DATA_DIR .* is no folder/);
  });
});
