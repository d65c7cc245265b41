import { readFileSync } from 'node:fs';
import { RocketChatLink } from '../../../lib/rocketchat/link';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { NodeProcess } from '../../helpers/node-process';
import { RocketChatRest, type RestOptions } from '../../helpers/rocketchat-rest';

describe('the link to Rocket.Chat', () => {
  let rest: RocketChatRest;
  let link: RocketChatLink;
  let lines: string[];

  async function prepare(options: RestOptions = {}): Promise<void> {
    rest = await RocketChatRest.start(options);
    lines = [];
    const log = {
      info: (line: string) => lines.push(`info ${line}`),
      warn: (line: string) => lines.push(`warn ${line}`),
    };
    link = new RocketChatLink({ url: rest.url, ...rest.account, log, pauseMs: [20, 100] });
  }
  afterEach(async () => {
    await link.stop();
    await rest.away();
  });

  it('says which Rocket.Chat it is, and logs in', async () => {
    await prepare({ version: '8.6.1' });
    link.start();
    await eventually(() => expect(link.state).toEqual({ connected: true, version: '8.6', waiting: 0 }));
    expect(lines).toEqual([
      'info Rocket.Chat 8.6: claims with a source and an end',
      `info logged in at ${rest.url} as presence-service`,
    ]);
  });

  it('warns of one below 6.0', async () => {
    await prepare({ version: '5.4.2' });
    link.start();
    await eventually(() => expect(link.state.connected).toBe(true));
    expect(lines[0]).toMatch(/^warn Rocket.Chat 5.4 is older than 6.0/);
  });

  it('comes to it later, and says each fault once', async () => {
    await prepare();
    await rest.away();
    link.start();
    await eventually(() => expect(link.state.fault).toContain('cannot be reached'));
    await rest.up();
    rest.twoFactor = true;
    await eventually(() => expect(link.state.fault).toContain('two-factor'));
    rest.twoFactor = false;
    await eventually(() => expect(link.state).toEqual({ connected: true, version: '8.6', waiting: 0 }));
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringContaining('cannot be reached'),
      expect.stringContaining('two-factor'),
    ]);
  });

  it('sets a status there', async () => {
    await prepare();
    rest.put({ _id: 'ann', username: 'ann', status: 'online' });
    await link.setStatus({ uid: 'ann', status: 'busy', text: 'in a meeting', expiresAt: new Date('2100-01-01') });
    expect(rest.users.get('ann')).toMatchObject({
      status: 'busy',
      statusText: 'in a meeting',
      statusExpiresAt: new Date('2100-01-01'),
    });
  });

  it('tells what Rocket.Chat refuses, and what the account may not, apart', async () => {
    await prepare();
    rest.put({ _id: 'ann', username: 'ann', status: 'online' });
    rest.settings.set('Accounts_AllowInvisibleStatusOption', false);
    await expect(link.setStatus({ uid: 'ann', status: 'offline' })).rejects.toMatchObject({
      type: 'ROCKETCHAT_REFUSED',
      code: 422,
      data: { said: 'error-status-not-allowed' },
    });
    rest.permissions.delete('edit-other-user-info');
    await expect(link.setStatus({ uid: 'ann', status: 'busy' })).rejects.toMatchObject({
      type: 'ROCKETCHAT_UNAVAILABLE',
      code: 503,
    });
    expect(link.state.fault).toContain('edit-other-user-info');
  });

  it('refuses an end where Rocket.Chat would leave it out without a word', async () => {
    await prepare({ version: '7.12.0' });
    rest.put({ _id: 'ann', username: 'ann', status: 'online' });
    link.start();
    await eventually(() => expect(link.state.connected).toBe(true));
    const wanted = { uid: 'ann', status: 'busy', expiresAt: new Date('2100-01-01') };
    await expect(link.setStatus(wanted)).rejects.toMatchObject({
      type: 'INVALID_ARGUMENT',
      data: { field: 'statusExpiresAt' },
    });
    expect(rest.asked('v1/users.setStatus')).toEqual([]);
  });
});

describe('a node with an account at Rocket.Chat', () => {
  it('shows the password neither in its log nor in its command', async () => {
    const rest = await RocketChatRest.start({ password: 'correct-horse-battery-staple' });
    const env = { ...rest.env, PORT: `${await freePort()}`, DATA_DIR: ':memory:', LOG_LEVEL: 'debug' };
    const node = NodeProcess.start(env);
    try {
      await node.says('logged in at');
      rest.twoFactor = true;
      rest.expireTokens();
      const command = readFileSync(`/proc/${node.pid}/cmdline`, 'utf8');
      expect(await node.end('SIGTERM')).toBe(0);
      for (const seen of [command, node.output]) expect(seen).not.toContain('correct-horse');
      for (const token of rest.tokens.keys()) expect(node.output).not.toContain(token);
    } finally {
      await node.end('SIGKILL');
      await rest.away();
    }
  });

  it('shows in its metrics whether the account is of use', async () => {
    const rest = await RocketChatRest.start();
    const [port, metricsPort] = [await freePort(), await freePort()];
    const env = {
      ...rest.env,
      PORT: `${port}`,
      DATA_DIR: ':memory:',
      MS_METRICS: 'true',
      MS_METRICS_PORT: `${metricsPort}`,
    };
    const node = NodeProcess.start(env);
    const metrics = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const shows = (value: number) =>
      eventually(
        async () => expect(await metrics()).toMatch(new RegExp(`^presence_rocketchat_up(\\{.*\\})? ${value}\\b`, 'm')),
        {
          timeoutMs: 20_000,
        },
      );
    try {
      await node.says('logged in at');
      await shows(1);
      expect(await metrics()).toMatch(/^presence_rocketchat_waiting(\{.*\})? 0\b/m);
      await rest.away();
      await shows(0);
    } finally {
      await node.end('SIGKILL');
      await rest.away();
    }
  });
});
