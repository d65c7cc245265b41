import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { embeddedFolders } from '../helpers/embedded-folders';
import { eventually } from '../helpers/eventually';
import { NOW, work } from '../helpers/presence-builders';

const WRITER = path.join(__dirname, '..', 'helpers', 'embedded-writer.ts');
const START = { timeoutMs: 20_000 };
const { newFolder, openIn } = embeddedFolders();
const children: ChildProcessByStdio<null, Readable, Readable>[] = [];

/** A writer in a process of its own; ids are listed in `acknowledged` as it prints them. */
function startWriter(folder: string, round: number) {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, folder, `${round}`], {
    cwd: path.join(__dirname, '..', '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let [printed, complaints] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  return {
    complaints: () => complaints,
    acknowledged: () => printed.split('\n').slice(0, -1),
    kill: async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      expect(await closed).toEqual([null, 'SIGKILL']);
    },
  };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const ownerOf = (id: string) => id.split('/')[0]!;
const following = (id: string) => id.replace(/\d+$/, (n) => `${Number(n) + 1}`);

it('keeps all that was acknowledged when the process is killed, again and again', async () => {
  const folder = await newFolder();
  const acknowledged: string[] = [];
  for (const [round, enough] of [50, 300, 211, 120].entries()) {
    const writer = startWriter(folder, round);
    await eventually(() => {
      expect(writer.complaints()).toBe('');
      expect(writer.acknowledged().length).toBeGreaterThan(enough);
    }, START);
    await expect(openIn(folder)).rejects.toThrow(/in use/);
    await writer.kill();
    expect((await fs.readdir(folder)).some((name) => name.startsWith('.lock-'))).toBe(true);
    acknowledged.push(...writer.acknowledged());

    const store = await openIn(folder);
    const uids = [...new Set(acknowledged.map(ownerOf))];
    const states = await store.applySessions(
      uids.map((uid) => work(uid)),
      NOW,
    );
    const stored = new Set(states.flatMap(({ sessions }) => sessions.map(({ id }) => id)));
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    const { owners } = await store.ownersOfSessions(acknowledged);
    expect(acknowledged.filter((id) => owners.get(id)?.join() !== ownerOf(id))).toEqual([]);
    for (const { uid, user } of states) {
      const last = acknowledged.findLast((id) => ownerOf(id) === uid)!;
      expect(user).toMatchObject({ status: 'busy', statusConnection: 'online' });
      // The claim after the last acknowledged one may have been written when the kill came.
      expect([last, following(last), `${uid}/${round}/0`]).toContain(user!.statusText);
    }
    await store.close();
  }
}, 60_000);
