import { eventually } from '../../helpers/eventually';
import { startApiNode, TOKENS, withApiNode, type ApiNode } from '../../helpers/api-node';
import { loginToken, startFakeRocketChat, type FakeRocketChat } from '../../helpers/fake-rocketchat';

/** Users of Rocket.Chat, let in by what Rocket.Chat says of them. */
describe('users of Rocket.Chat', () => {
  let rocketChat: FakeRocketChat;
  let node: ApiNode;

  beforeAll(async () => {
    rocketChat = await startFakeRocketChat();
    rocketChat.users.set('ann', ['user']).set('root', ['user', 'admin']);
    node = await startApiNode({ env: { ROCKETCHAT_URL: rocketChat.url } });
  }, 60_000);
  afterAll(async () => {
    await node.stop();
    await rocketChat.stop();
  });
  afterEach(() => {
    rocketChat.answer = undefined;
    rocketChat.asked.length = 0;
  });

  const as = (uid: string, path: string, more = {}, token = loginToken(uid)) =>
    node.ask({ path: `/api/v1${path}`, headers: { 'x-user-id': uid, 'x-auth-token': token }, ...more });
  const PUT = { method: 'PUT', body: { status: 'busy' } };

  test('read, set their own status and nobody else’s; an admin does everything', async () => {
    expect((await as('ann', '/me')).json()).toEqual({ name: 'ann.name', scope: 'read', uid: 'ann' });
    expect((await as('root', '/me')).json()).toMatchObject({ scope: 'admin', uid: 'root' });
    const table: [string, string, object, number][] = [
      ['ann', '/users/bob', {}, 200],
      ['ann', '/users/ann/status', PUT, 200],
      ['ann', '/users/bob/status', PUT, 403],
      ['ann', '/users/ANN/status', PUT, 403],
      ['ann', '/users/status', { method: 'POST', body: { items: [{ uid: 'ann', status: 'busy' }] } }, 403],
      ['ann', '/users/ann/schedules/none', { method: 'DELETE' }, 200],
      ['ann', '/users/bob/schedules/none', { method: 'DELETE' }, 403],
      ['ann', '/users/ann/explain', {}, 403],
      ['ann', '/users/ann/history', { method: 'DELETE' }, 403],
      ['root', '/users/bob/status', PUT, 200],
      ['root', '/users/ann/explain', {}, 200],
    ];
    for (const [uid, path, more, status] of table) {
      expect([uid, path, (await as(uid, path, more)).status]).toEqual([uid, path, status]);
    }
  });

  test('are asked about once a minute, by user and token', async () => {
    rocketChat.users.set('cleo', []);
    for (let i = 0; i < 5; i++) expect((await as('cleo', '/me')).status).toBe(200);
    expect(rocketChat.asked).toEqual(['cleo']);
    expect((await as('cleo', '/me', {}, 'another-token')).status).toBe(401);
    expect(rocketChat.asked).toEqual(['cleo', 'cleo']);
  });

  test.each<[string, NonNullable<FakeRocketChat['answer']>, number, string]>([
    ['500', (_uid, res) => res.writeHead(500).end(), 503, 'AUTH_UNAVAILABLE'],
    ['no JSON', (_uid, res) => res.writeHead(200).end('<html>'), 503, 'AUTH_UNAVAILABLE'],
    ['null', (_uid, res) => res.writeHead(200).end('null'), 503, 'AUTH_UNAVAILABLE'],
    ['an end', (_uid, res) => res.destroy(), 503, 'AUTH_UNAVAILABLE'],
    ['silence', () => undefined, 503, 'AUTH_UNAVAILABLE'],
    ['elsewhere', (_uid, res) => res.writeHead(302, { location: '/chat/api/v1/me' }).end(), 503, 'AUTH_UNAVAILABLE'],
    ['401', (_uid, res) => res.writeHead(401).end(), 401, 'UNAUTHENTICATED'],
    ['403', (_uid, res) => res.writeHead(403).end(), 401, 'UNAUTHENTICATED'],
    [
      'another user',
      (_uid, res) => res.writeHead(200).end('{"success":true,"_id":"root","roles":["admin"]}'),
      401,
      'UNAUTHENTICATED',
    ],
    [
      'no success',
      (uid, res) => res.writeHead(200).end(JSON.stringify({ success: false, _id: uid })),
      401,
      'UNAUTHENTICATED',
    ],
    ['nobody', (_uid, res) => res.writeHead(200).end('{}'), 401, 'UNAUTHENTICATED'],
  ])('are not let in where Rocket.Chat answers %s', async (what, answer, status, code) => {
    const uid = `user-${what.replace(' ', '-')}`;
    rocketChat.answer = answer;
    const refused = await as(uid, '/me');
    expect([refused.status, refused.json().code]).toEqual([status, code]);
  });

  test('who is known goes on while Rocket.Chat is away, and tokens of API_TOKENS are not its business', async () => {
    expect((await as('ann', '/me')).status).toBe(200);
    rocketChat.answer = (_uid, res) => res.writeHead(500).end();
    expect((await as('ann', '/me')).status).toBe(200);
    const answer = await node.ask({ path: '/api/v1/me', token: TOKENS.read });
    expect([answer.status, rocketChat.asked]).toEqual([200, []]);
  });

  test('what Rocket.Chat would never give out is not asked about', async () => {
    for (const [uid, token] of [
      ['ann', 'x y'],
      ['ann root', 'token'],
      ['ann', 'x'.repeat(300)],
      ['', 'token'],
    ]) {
      expect((await as(uid!, '/me', {}, token)).status).toBe(401);
    }
    expect((await node.ask({ path: '/api/v1/me', headers: { 'x-user-id': 'ann' } })).status).toBe(401);
    expect(rocketChat.asked).toEqual([]);
  });

  test('of the same name as a token have a limit of their own', async () => {
    rocketChat.users.set('reader', []).set('other', []);
    await withApiNode({ env: { ROCKETCHAT_URL: rocketChat.url, API_RATE_LIMIT: '2' } }, async (limited) => {
      const asked = async (uid?: string) => {
        const login = { 'x-user-id': uid!, 'x-auth-token': loginToken(uid!) };
        const by = uid ? { headers: login } : { token: TOKENS.read };
        const { status, json } = await limited.ask({ path: '/api/v1/me', ...by });
        return [status, json<{ name?: string }>().name];
      };
      const name = (await asked())[1];
      rocketChat.answer = (uid, res) => res.end(JSON.stringify({ success: true, _id: uid, username: name, roles: [] }));
      for (let i = 0; i < 2; i++) expect(await asked('reader')).toEqual([200, name]);
      expect(await asked('reader')).toEqual([429, undefined]);
      expect(await asked('other')).toEqual([200, name]); // another user of that name
      expect(await asked()).toEqual([200, name]);
      expect(await asked()).toEqual([429, undefined]);
    });
  });

  test('wrong logins at once are passed on as often as API_AUTH_FAILURES says, right ones all', async () => {
    const env = { ROCKETCHAT_URL: rocketChat.url, API_AUTH_FAILURES: '7', TRUSTED_PROXIES: '1' };
    await withApiNode({ env }, async (limited) => {
      const asked = async (uid: string, address: string) => {
        const headers = { 'x-user-id': uid, 'x-auth-token': loginToken(uid), 'x-forwarded-for': address };
        return (await limited.ask({ path: '/api/v1/me', headers })).status;
      };
      const all = (of: string, count: number, address: string) =>
        Promise.all(Array.from({ length: count }, (_, i) => asked(`${of}${i}`, address)));
      const statuses = await all('wrong', 200, '192.0.2.1');
      expect(rocketChat.asked).toHaveLength(7);
      expect([401, 429].map((status) => statuses.filter((one) => one === status).length)).toEqual([7, 193]);
      for (let i = 0; i < 50; i++) rocketChat.users.set(`right${i}`, []);
      expect(await all('right', 50, '192.0.2.2')).toEqual(Array(50).fill(200));
    });
  });

  test('more than Rocket.Chat takes in a minute are told when to come again, and are let in then', async () => {
    for (let i = 0; i < 25; i++) rocketChat.users.set(`p${i}`, []);
    rocketChat.limit = { calls: 10, perMs: 6_000 };
    try {
      await withApiNode({ env: { ROCKETCHAT_URL: rocketChat.url } }, async (other) => {
        const asked = async (uid: string) => {
          const headers = { 'x-user-id': uid, 'x-auth-token': loginToken(uid) };
          const { status, json, headers: told } = await other.ask({ path: '/api/v1/me', headers });
          return { status, code: json().code, afterS: Number(told['retry-after']) };
        };
        const all = (from: number, to: number) =>
          Promise.all(Array.from({ length: to - from }, (_, i) => asked(`p${from + i}`)));
        expect((await all(0, 10)).map(({ status }) => status)).toEqual(Array(10).fill(200));
        const late = await all(10, 15);
        for (const one of late) expect(one).toMatchObject({ status: 503, code: 'AUTH_UNAVAILABLE' });
        for (const { afterS } of late) expect(afterS >= 1 && afterS <= 7).toBe(true);
        expect(rocketChat.asked).toHaveLength(10); // not one more than it takes
        expect((await all(0, 10)).map(({ status }) => status)).toEqual(Array(10).fill(200));
        await eventually(async () => expect((await asked('p14')).status).toBe(200), { timeoutMs: 15_000 });
        expect((await all(10, 15)).map(({ status }) => status)).toEqual(Array(5).fill(200));
      });
    } finally {
      rocketChat.limit = undefined;
    }
  });
});
