import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { newSecret } from '../../../lib/callbacks/ids';
import { messageOf } from '../../../lib/callbacks/message';
import { Poster } from '../../../lib/callbacks/post';
import { bareEnv } from '../../helpers/clock-env';
import { callback, delivery } from '../../helpers/callback-builders';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';

const ROOT = path.join(__dirname, '../../..');
const document = readFileSync(path.join(ROOT, 'docs/CALLBACKS.md'), 'utf8');
const [receiver, check] = [...document.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!);

/** What people copy from docs/CALLBACKS.md does what it says. */
describe('the code in docs/CALLBACKS.md', () => {
  let running: ChildProcess | undefined;
  const poster = new Poster({ allowPrivate: true });
  afterEach(async () => {
    poster.close();
    const ended = running && once(running, 'exit');
    running?.kill('SIGKILL');
    running = undefined;
    await ended;
  });

  test('takes what is genuine, each once, and refuses what is not', async () => {
    const [secret, port] = [newSecret(), await freePort()];
    const url = `http://127.0.0.1:${port}/`;
    running = spawn(process.execPath, ['-e', receiver!], {
      cwd: ROOT,
      env: { ...bareEnv(), SECRET: secret, PORT: String(port) },
    });
    let said = '';
    running.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const message = messageOf(callback('c1', { url, secret }), delivery('msg_1'), Date.now());
    await eventually(async () => expect(await poster.post(message)).toMatchObject({ status: 204 }));
    expect(await poster.post(message)).toMatchObject({ status: 204 });
    expect(await poster.post({ ...message, body: message.body.replace('ann', 'bob') })).toMatchObject({ status: 400 });
    await eventually(() => expect(said).toBe('ann is online\n'));
  });

  test('a delivery has the headers and the fields that are shown there', () => {
    const [, sample] = /^```http\n(.*?)^```$/ms.exec(document)!;
    const [head, shown] = sample!.split('\n\n') as [string, string];
    const at = new Date('2030-01-01T15:00:00Z');
    const row = delivery('msg_0mgf3k2p0_w0XKDPVjBS5UUlK3WrB2cQ');
    const change = { uid: 'ann', rev: 7, at, from: 'online', to: 'busy', text: 'in a meeting' } as const;
    const told = { ...row, change: { ...row.change, ...change, source: 'manual', cause: 'claim' } as const };
    const { headers, body } = messageOf(callback('c1', { secret: newSecret() }), told, at.getTime());
    expect(body).toBe(shown.trim());
    const documented = head
      .split('\n')
      .slice(1)
      .map((line) => line.split(': ') as [string, string]);
    for (const [name, value] of documented) {
      const sent = (headers as Record<string, string>)[name]!;
      if (name === 'webhook-signature') expect([sent.length, sent.slice(0, 3)]).toEqual([value.length, 'v1,']);
      else expect([name, sent]).toEqual([name, value]);
    }
  });

  test('checks by hand what the library checks', () => {
    const isGenuine = runInNewContext(`${check!}; isGenuine`, { require, Buffer }) as (
      ...given: [secret: string, headers: object, body: string, nowMs?: number]
    ) => boolean;
    const [secret, other, now] = [newSecret(), newSecret(), Date.now()];
    const rotated = callback('c1', { secret, oldSecrets: [{ secret: other, until: new Date(now + 1000) }] });
    const { headers, body } = messageOf(rotated, delivery('msg_1'), now);
    expect([isGenuine(secret, headers, body), isGenuine(other, headers, body)]).toEqual([true, true]);
    expect(isGenuine(newSecret(), headers, body)).toBe(false);
    expect(isGenuine(secret, headers, `${body} `)).toBe(false);
    expect(isGenuine(secret, { ...headers, 'webhook-id': 'msg_2' }, body)).toBe(false);
    expect(isGenuine(secret, headers, body, now + 301_000)).toBe(false);
    expect(isGenuine(secret, {}, body)).toBe(false);
  });
});
