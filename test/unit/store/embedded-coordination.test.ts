import { promises as fs } from 'node:fs';
import path from 'node:path';
import { HEARTBEATS_KEPT_MS } from '../../../lib/store/port';
import { embeddedFolders } from '../../helpers/embedded-folders';
import { MINUTE } from '../../helpers/presence-builders';

const HOUR = 60 * MINUTE;
const { newFolder, openIn, openAfterKill } = embeddedFolders();
const setClock = (nowMs: number) => jest.spyOn(Date, 'now').mockReturnValue(nowMs);
const nodesFile = (folder: string) => fs.readFile(path.join(folder, 'presence_nodes.db'), 'utf8');

describe('instances noted as sending heartbeats', () => {
  const start = Date.now();

  it('cost a write again only when the note is an hour old', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    setClock(start);
    await store.noteHeartbeats('node1');
    const noted = await nodesFile(folder);
    expect(noted).toContain('node1');
    setClock(start + HOUR - 1);
    await store.noteHeartbeats('node1');
    expect(await nodesFile(folder)).toBe(noted);
    setClock(start + HOUR);
    await store.noteHeartbeats('node1');
    expect((await nodesFile(folder)).length).toBeGreaterThan(noted.length);
  });

  it('are forgotten after a week in which nobody noted them', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    setClock(start);
    for (const id of ['past', 'renewed']) await store.noteHeartbeats(id);
    setClock(start + HEARTBEATS_KEPT_MS);
    expect(await store.heartbeatingInstances()).toEqual(new Set(['past', 'renewed']));
    await store.noteHeartbeats('renewed');
    setClock(start + HEARTBEATS_KEPT_MS + 1);
    expect(await store.heartbeatingInstances()).toEqual(new Set(['renewed']));
  });

  it('leave the file with the next start after that, also when it is killed', async () => {
    const folder = await newFolder();
    const store = await openIn(folder);
    setClock(start);
    for (const id of ['past', 'past too']) await store.noteHeartbeats(id);
    setClock(start + HOUR);
    await store.noteHeartbeats('kept');
    await store.close();
    setClock(start + HEARTBEATS_KEPT_MS + 1);
    const next = await openIn(folder);
    setClock(start);
    expect(await next.heartbeatingInstances()).toEqual(new Set(['kept']));
    expect(await (await openAfterKill(folder)).heartbeatingInstances()).toEqual(new Set(['kept']));
    await next.close();
    expect(await nodesFile(folder)).not.toContain('past');
  });
});
