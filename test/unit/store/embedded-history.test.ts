import { promises as fs } from 'node:fs';
import path from 'node:path';
import { digestOf, type DatedDigest } from '../../../domain/day-digest';
import { DocumentFile } from '../../../lib/store/document-file';
import { EmbeddedHistory } from '../../../lib/store/embedded-history';
import { embeddedFolders, storage } from '../../helpers/embedded-folders';
import { MINUTE, NOW } from '../../helpers/presence-builders';
import { historyRowOf } from '../../helpers/store-contract-history';

const DAY = 24 * 60 * MINUTE;
const { newFolder } = embeddedFolders();

async function openHistory(folder: string, days: number): Promise<EmbeddedHistory> {
  const history = new EmbeddedHistory(path.join(folder, 'history'), days);
  await history.open();
  return history;
}
const filesIn = async (folder: string) => (await fs.readdir(path.join(folder, 'history'))).sort();

it('lets a day go when its last change is too old, and its file with it', async () => {
  const folder = await newFolder();
  const history = await openHistory(folder, 2);
  await history.append([historyRowOf('ann', NOW), historyRowOf('ann', NOW + DAY, { rev: 2 })], NOW);
  await history.expire(NOW + 3 * DAY - 1);
  expect(await history.count({})).toBe(2);
  await history.expire(NOW + 3 * DAY);
  expect(await history.count({})).toBe(1);
  expect(await filesIn(folder)).toEqual(['2040-01-02.db']);
  await history.close();
});

it('keeps a file that is nobody of its own, and writes a day again that has gone', async () => {
  const folder = await newFolder();
  const history = await openHistory(folder, 1);
  await history.append([historyRowOf('ann', NOW)], NOW);
  await fs.writeFile(path.join(folder, 'history', 'notes.txt'), 'mine');
  await history.expire(NOW + 9 * DAY);
  await history.append([historyRowOf('bob', NOW)], NOW);
  await history.close();
  const next = await openHistory(folder, 1);
  expect((await next.list({}, 9)).map(({ uid }) => uid)).toEqual(['bob']);
  expect(await filesIn(folder)).toEqual(['2040-01-01.db', 'notes.txt']);
  await next.close();
});

it('keeps nothing where it is off, reads what was kept before, and erases it', async () => {
  const folder = await newFolder();
  const before = await openHistory(folder, 30);
  await before.append([historyRowOf('ann', NOW)], NOW);
  await before.close();
  const off = await openHistory(folder, 0);
  expect(off.keeps).toBe(false);
  await off.append([historyRowOf('bob', NOW)], NOW);
  await off.expire(NOW + 9999 * DAY);
  expect(await off.count({})).toBe(1);
  expect(await off.erase('ann')).toBe(1);
  await off.close();
});

it('does not rewrite days that nobody has written to', async () => {
  const folder = await newFolder();
  const first = await openHistory(folder, 30);
  await first.append([historyRowOf('ann', NOW), historyRowOf('ann', NOW + DAY, { rev: 2 })], NOW);
  await first.close();
  const history = await openHistory(folder, 30);
  const written = async () => (await fs.stat(path.join(folder, 'history', '2040-01-01.db'))).mtimeMs;
  const before = await written();
  await history.append([historyRowOf('ann', NOW + DAY + 1, { rev: 3 })], NOW);
  await history.close();
  expect(await written()).toBe(before);
});

it('says which day cannot be read, goes on with the others, and reads it when it is mended', async () => {
  const folder = await newFolder();
  const before = await openHistory(folder, 30);
  await before.append([historyRowOf('ann', NOW), historyRowOf('ann', NOW + DAY, { rev: 2 })], NOW);
  await before.close();
  const file = path.join(folder, 'history', '2040-01-01.db');
  const good = await fs.readFile(file, 'utf8');
  await fs.writeFile(file, `{"_id": no\n${good}`);
  const history = await openHistory(folder, 30);
  await expect(history.count({})).rejects.toMatchObject({ type: 'STORE_UNAVAILABLE' });
  await expect(history.count({ toMs: NOW + 1 })).rejects.toThrow('2040-01-01.db: cannot be read');
  expect(await history.count({ fromMs: NOW + DAY })).toBe(1);
  await history.append([historyRowOf('bob', NOW + DAY)], NOW);
  await fs.writeFile(file, good);
  expect(await history.count({})).toBe(3);
  await history.close();
});

it('lets days go that nobody has asked for, without reading them', async () => {
  const folder = await newFolder();
  const before = await openHistory(folder, 30);
  await before.append([historyRowOf('ann', NOW), historyRowOf('ann', NOW + DAY, { rev: 2 })], NOW);
  await before.close();
  const history = await openHistory(folder, 1);
  await history.expire(NOW + 2 * DAY);
  expect(await filesIn(folder)).toEqual(['2040-01-02.db']);
  expect(await history.count({})).toBe(1);
  await history.close();
});

const rows = [
  historyRowOf('ann', NOW, { text: 'says "uid":"bob"' }),
  historyRowOf('bob', NOW + 1, { to: 'busy', cause: 'claim', source: 'manual', text: 'ünï\ncode' }),
  historyRowOf('bob', NOW + 2, { rev: 2 }),
  historyRowOf('a "name"', NOW + 3),
  historyRowOf('bobby', NOW + 4),
];
const reopened = async (folder: string) => {
  const first = await openHistory(folder, 30);
  await first.append([rows[0]!, rows[2]!, rows[1]!, rows[4]!, rows[3]!], NOW);
  await first.close();
  return openHistory(folder, 30);
};

describe('a day that is not in memory', () => {
  it('is read without being opened for writing, which would hold the loop', async () => {
    const loading = jest.spyOn(DocumentFile.prototype, 'open');
    const history = await reopened(await newFolder());
    loading.mockClear();
    expect(await history.list({}, 9)).toEqual([...rows].reverse());
    expect(await history.count({ statuses: ['busy'] })).toBe(1);
    expect(await history.extent()).toEqual({ fromMs: NOW, toMs: NOW + 5 });
    expect(loading).not.toHaveBeenCalled();
    const later = historyRowOf('bob', NOW + 5);
    await history.append([rows[0]!, later], NOW);
    expect(await history.list({}, 9)).toEqual([later, ...[...rows].reverse()]);
    expect(await history.erase('bob')).toBe(3);
    expect(await history.list({}, 9)).toEqual([rows[4], rows[3], rows[0]]);
    await history.close();
  });

  it('is an error where a line of it is no row, whatever is asked for', async () => {
    const folder = await newFolder();
    const history = await reopened(folder);
    await fs.appendFile(path.join(folder, 'history', '2040-01-01.db'), 'what is this\n');
    await expect(history.list({}, 9)).rejects.toMatchObject({ type: 'STORE_UNAVAILABLE' });
    await history.close();
  });
});

describe('one user of a day that is not in memory', () => {
  it('is found by a search of its file', async () => {
    const loading = jest.spyOn(DocumentFile.prototype, 'open');
    const history = await reopened(await newFolder());
    loading.mockClear();
    expect(await history.list({ uid: 'bob' }, 9)).toEqual([rows[2], rows[1]]);
    expect(await history.list({ uid: 'bob' }, 9, rows[2]!._id)).toEqual([rows[1]]);
    expect(await history.count({ uid: 'bob', causes: ['claim'] })).toBe(1);
    expect(await history.count({ uid: 'a "name"' })).toBe(1);
    expect(await history.count({ uid: 'bo' })).toBe(0);
    expect(loading).not.toHaveBeenCalled();
    await history.close();
  });

  it('is not found when it was erased and a kill left it in the file', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'history', '2040-01-01.db');
    const history = await reopened(folder);
    await history.append([rows[0]!], NOW); // the file is open
    // Removed, and then killed before the file was written anew.
    jest.spyOn(storage, 'crashSafeWriteFileLinesAsync').mockRejectedValueOnce(new Error('killed'));
    await expect(history.erase('bob')).rejects.toMatchObject({ type: 'STORE_UNAVAILABLE' });
    expect(await fs.readFile(file, 'utf8')).toContain('"uid":"bob","rev"');
    const next = await openHistory(folder, 30); // as after a kill
    expect(await next.list({ uid: 'bob' }, 9)).toEqual([]);
    expect(await next.count({ uid: 'bobby' })).toBe(1);
    await next.close();
    await history.close();
  });

  it('is found up to where a kill tore the file, and in a damaged one not silently left out', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'history', '2040-01-01.db');
    const history = await reopened(folder);
    await fs.appendFile(file, '{"_id":"x","uid":"bob"');
    expect(await history.count({ uid: 'bob' })).toBe(2);
    await fs.writeFile(file, `{"_id" no,"uid":"bob"}\n${await fs.readFile(file, 'utf8')}`);
    await expect(history.count({ uid: 'bob' })).rejects.toMatchObject({ type: 'STORE_UNAVAILABLE' });
    await history.close();
  });
});

describe('digests kept at once', () => {
  const dayMs = Date.UTC(2039, 11, 31);
  const digest = digestOf([]);
  const kept = async (history: EmbeddedHistory) => {
    const found: DatedDigest[] = [];
    for await (const one of history.keptDigests({ fromMs: 0, toMs: NOW })) found.push(one);
    return found;
  };

  it('of one day are all kept, and of several days', async () => {
    const folder = await newFolder();
    const history = await openHistory(folder, 30);
    await fs.mkdir(path.join(folder, 'history'));
    const days = [dayMs, dayMs, dayMs - DAY, dayMs];
    await Promise.all(days.map((one) => history.keepDigest({ dayMs: one, digest })));
    expect(await kept(history)).toEqual([dayMs - DAY, dayMs].map((one) => ({ dayMs: one, digest })));
    expect(await filesIn(folder)).toEqual(['2039-12-30.digest.json', '2039-12-31.digest.json']);
    await history.close();
  });

  it('are forgotten where a change of that day comes meanwhile', async () => {
    const folder = await newFolder();
    const history = await openHistory(folder, 30);
    const row = historyRowOf('ann', dayMs);
    await history.append([row], dayMs);
    const keeping = history.keepDigest({ dayMs, digest: digestOf([row]) });
    await history.append([historyRowOf('bob', dayMs)], NOW);
    await keeping;
    expect([await kept(history), await filesIn(folder)]).toEqual([[], ['2039-12-31.db']]);
    await history.close();
  });
});
