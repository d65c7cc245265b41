import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { ask } from '../../helpers/http-client';
import { AT_TERMINAL, NodeProcess } from '../../helpers/node-process';

const SHOWN = /shown this once: (\S+)/g;
const QUIET = { INSTANCE_ID: 'presence-1', LOG_LEVEL: 'debug' };

/** The node as it is started, all it prints included. */
describe('tokens of the real process', () => {
  const running: NodeProcess[] = [];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'presence-token-'));
  });
  afterEach(async () => {
    for (const node of running.splice(0)) await node.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  async function start(
    env: Record<string, string> = {},
    under: readonly string[] = [],
  ): Promise<{ node: NodeProcess; url: string }> {
    const port = await freePort();
    const node = NodeProcess.start({ ...QUIET, PORT: String(port), DATA_DIR: folder, ...env }, [], under);
    running.push(node);
    const url = `http://127.0.0.1:${port}`;
    const isUp = async () => expect((await ask(url, { path: '/health' })).status).toBe(200);
    await eventually(isUp, { timeoutMs: 20_000 });
    return { node, url };
  }

  test('one is made at the first start, for the owner of its file alone, shown once at a terminal and kept', async () => {
    const first = await start({}, AT_TERMINAL);
    const token = await eventually(() => {
      const [, shown = ''] = [...first.node.output.matchAll(SHOWN)][0] ?? [];
      expect(shown).toMatch(/^[\w-]{43}$/);
      return shown;
    });
    const me = async (url: string) => (await ask(url, { path: '/api/v1/me', token })).json();
    expect(await me(first.url)).toEqual({ name: 'local', scope: 'admin' });
    const file = path.join(folder, 'api-token');
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(await readFile(file, 'utf8')).toBe(`${token}\n`);
    await first.node.end('SIGTERM');
    expect(first.node.output.split(token)).toHaveLength(2);
    const second = await start({}, AT_TERMINAL);
    expect(await me(second.url)).toMatchObject({ scope: 'admin' });
    await second.node.end('SIGTERM');
    expect(second.node.output).not.toContain(token);
    expect(second.node.output).not.toMatch(SHOWN);
  });

  test('none is made where somebody is let in already', async () => {
    const { node } = await start({ API_TOKENS: 'reader:read:reading-token-of-the-tests' });
    await node.end('SIGTERM');
    expect(node.output).not.toMatch(SHOWN);
    expect(() => statSync(path.join(folder, 'api-token'))).toThrow('ENOENT');
  });

  test('none of them is ever in the log, nor is anything else that lets somebody in', async () => {
    const given = ['reading-token-of-the-tests', 'a-token-that-nobody-has', 'a-login-token-of-ann'];
    const [good, wrong, login] = given as [string, string, string];
    const { node, url } = await start({
      API_TOKENS: `reader:read:${good}`,
      ROCKETCHAT_URL: `http://127.0.0.1:${await freePort()}`,
      RETRY_ENABLED: 'true',
      RETRY_RETRIES: '2',
    });
    const asks = [
      { token: good },
      { token: wrong },
      { headers: { 'x-user-id': 'ann', 'x-auth-token': login } },
      { token: good, path: '/api/v1/callbacks' },
      { token: good, path: '/api/v1/users?nonsense=1' },
      { token: good, path: '/api/v1/users/%E2%82' },
      { token: good, path: `/api/v1/me?token=${good}` },
      { token: good, path: '/api/v1/users/query', method: 'POST', body: '{"a":' },
      { token: good, path: '/nothing' },
      { path: '/api/v1/me', headers: { authorization: `Basic ${wrong}` } },
    ];
    const statuses = [];
    for (const one of asks) statuses.push((await ask(url, { path: '/api/v1/me', ...one })).status);
    expect(statuses).toEqual([200, 401, 503, 403, 422, 400, 422, 400, 404, 401]);
    await node.end('SIGTERM');
    expect(node.output).toMatch(/GET \/api\/v1\/me 200 \d+ ms reader/);
    for (const secret of given) expect(node.output).not.toContain(secret);
  });
});
