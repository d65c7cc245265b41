import { startApiNode, TOKENS, type ApiNode } from '../../helpers/api-node';
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
    ['429', (_uid, res) => res.writeHead(429).end(), 503, 'AUTH_UNAVAILABLE'],
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
});
