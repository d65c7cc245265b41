import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { startApiNode, TOKENS, type ApiNode } from '../../helpers/api-node';

const USERS = Array.from({ length: 25 }, (_, i) => `user-${String(i).padStart(2, '0')}`);

/** HTTP itself: methods, heads, conditions, pages, and what is no request at all. */
describe('HTTP', () => {
  let node: ApiNode;

  beforeAll(async () => {
    node = await startApiNode();
    for (const uid of USERS) await node.call('newConnection', uid, `${uid}/s`, 'core-1');
  }, 60_000);
  afterAll(() => node.stop());

  const read = (path: string, headers = {}) => node.ask({ path: `/api/v1${path}`, token: TOKENS.read, headers });
  const put = (uid: string, body: object, headers = {}) =>
    node.ask({ method: 'PUT', path: `/api/v1/users/${uid}/status`, token: TOKENS.write, body, headers });

  test.each([
    ['DELETE', '/api/v1/users', 'GET, POST, HEAD'],
    ['GET', '/api/v1/users/ann/status', 'PUT'],
    ['HEAD', '/api/v1/users/ann/status', 'PUT'],
    ['OPTIONS', '/api/v1/users/ann', 'GET, DELETE, HEAD'],
    ['POST', '/api/v1/users/ann?x=1', 'GET, DELETE, HEAD'],
    ['PATCH', '/api/v1/callbacks/', 'GET, POST, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
    ['PUT', '/metrics', 'GET, HEAD'],
    ['POST', '/openapi.json', 'GET, HEAD'],
    ['DELETE', '/docs', 'GET, HEAD'],
    ['POST', '/', 'GET, HEAD'],
  ])('%s %s is not allowed, and Allow says what is', async (method, path, allow) => {
    const answer = await node.ask({ method, path, token: TOKENS.admin });
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
    if (method !== 'HEAD') expect(answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED', status: 405 });
  });

  test.each([
    '/api/v1',
    '/api/v1/',
    '/api/v1/user/ann',
    '/api/v2/users',
    '/api/v1/users/ann/x',
    '/nothing',
    '/assets/../package.json',
    '/api/v1/~node/health',
    '//',
    '/docs/../package.json',
    '/assets/%2e%2e/package.json',
  ])('there is nothing at %s', async (path) => {
    const answer = await node.ask({ path, token: TOKENS.admin });
    expect([answer.status, answer.json()]).toMatchObject([404, { code: 'NOT_FOUND' }]);
  });

  test.each(['/api/v1/users/user-01', '/api/v1/users', '/openapi.json', '/health', '/docs', '/'])(
    'HEAD of %s is GET without its body',
    async (path) => {
      const [get, head] = [
        await node.ask({ path, token: TOKENS.read }),
        await node.ask({ method: 'HEAD', path, token: TOKENS.read }),
      ];
      expect([head.status, head.text, get.text.length > 0]).toEqual([200, '', true]);
      for (const name of ['etag', 'content-type', 'link']) expect(head.headers[name]).toBe(get.headers[name]);
    },
  );

  test('a parameter that is not known, given twice or of another kind is refused by its name', async () => {
    for (const [query, field] of [
      ['limt=1', 'limt'],
      ['limit=1&limit=2', 'limit'],
      ['limit=many', 'limit'],
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      ['status=here', 'status'],
      ['status=', 'status'],
      ['since=yesterday', 'since'],
      ['since=2026-99-01T00:00:00Z', 'since'],
      ['since=2026-02-30T00:00:00Z', 'since'],
      ['__proto__=1', '__proto__'],
    ]) {
      const answer = await read(`/users?${query}`);
      expect([query, answer.status, answer.json()]).toMatchObject([
        query,
        422,
        { code: 'INVALID_ARGUMENT', field: expect.stringContaining(field!) as string },
      ]);
    }
  });

  test('a number that may not be is refused by what may be', async () => {
    for (const [limit, reason] of [
      ['-1', 'must be at least 1, not -1'],
      ['1.5', 'must be a whole number, not 1.5'],
      ['10000000000', 'must be at most 1000, not 10000000000'],
      ['x', 'must be a whole number, not a string of 1 character'],
    ])
      expect((await read(`/users?limit=${limit}`)).json()).toMatchObject({ detail: `limit: ${reason}` });
  });

  test('an end that no calendar has is refused by its name, alone and in a batch', async () => {
    const problem = { code: 'INVALID_ARGUMENT', detail: 'expiresAt: is a time that no calendar has' };
    for (const expiresAt of ['2030-02-30T15:00:00Z', '2030-13-01T15:00:00Z', '2030-02-28T25:00:00Z']) {
      const alone = await put('user-02', { status: 'busy', expiresAt });
      expect([alone.status, alone.json()]).toMatchObject([422, { ...problem, field: 'expiresAt' }]);
      const items = [{ uid: 'user-02', status: 'busy', expiresAt }];
      const asked = { method: 'POST', path: '/api/v1/users/status', token: TOKENS.write, body: { items } };
      const { code, detail: message } = problem;
      expect((await node.ask(asked)).json()).toEqual({
        results: [{ uid: 'user-02', ok: false, error: { code, message } }],
      });
    }
  });

  test('If-None-Match spares what is known: by one tag, among several, or any', async () => {
    const { headers, text } = await read('/users/user-01');
    const tag = headers.etag!;
    for (const known of [tag, `"x", ${tag}`, '*', tag.replace('W/', '')]) {
      const same = await read('/users/user-01', { 'if-none-match': known });
      expect([known, same.status, same.text, same.headers.etag]).toEqual([known, 304, '', tag]);
    }
    await put('user-01', { status: 'busy' });
    const changed = await read('/users/user-01', { 'if-none-match': tag });
    expect([changed.status, changed.text === text]).toEqual([200, false]);
    await put('user-01', { status: 'online' });
  });

  test.each(['/stats', '/activity', '/users/user-01/activity', '/users/user-01/explain'])(
    'what %s tells is of its moment: it has no ETag, and is told whatever the caller knows',
    async (path) => {
      for (const known of ['*', '"x"']) {
        const headers = { 'if-none-match': known };
        const answer = await node.ask({ path: `/api/v1${path}`, token: TOKENS.admin, headers });
        expect([known, answer.status, answer.headers.etag]).toEqual([known, 200, undefined]);
      }
    },
  );

  test('what is done is told, whatever the caller knows already', async () => {
    const first = await put('user-02', { status: 'away' });
    for (const known of [first.headers.etag ?? '"x"', '*']) {
      const again = await put('user-02', { status: 'away' }, { 'if-none-match': known });
      expect([again.status, again.text]).toEqual([200, '{"accepted":true}']);
    }
    const body = { uids: ['user-03'] };
    const query = () =>
      node.ask({
        method: 'POST',
        path: '/api/v1/users/query',
        token: TOKENS.read,
        body,
        headers: { 'if-none-match': '*' },
      });
    expect((await query()).status).toBe(200);
  });

  /** Follows Link to the end. @param between done after each page */
  async function follow<T>(path: string, key: string, between: () => Promise<unknown>): Promise<T[]> {
    const all: T[] = [];
    for (let next: string | undefined = path; next;) {
      const answer = await node.ask({ path: next, token: TOKENS.read });
      expect([next, answer.status]).toEqual([next, 200]);
      all.push(...answer.json<Record<string, T[]>>()[key]!);
      next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.link?.toString() ?? '')?.[1];
      expect(next === undefined).toBe(answer.json().next === undefined);
      await between();
    }
    return all;
  }

  test('Link leads through all pages of users: each once, also while they change', async () => {
    let changes = 0;
    const change = () =>
      Promise.all(USERS.slice(5, 15).map((uid) => put(uid, { status: 'busy', text: `change ${changes++}` })));
    const seen = await follow<{ uid: string }>('/api/v1/users?limit=4&status=online&status=busy,away', 'users', change);
    expect(seen.map(({ uid }) => uid)).toEqual(USERS);
  });

  test('a page of changes begins at the `next` of another, or nowhere', async () => {
    for (const before of ['garbage', 'zzzzzzzzz', ':']) {
      const answer = await read(`/history?before=${before}`);
      const detail = 'before: is not the `next` of a page';
      expect([before, answer.status, answer.json()]).toMatchObject([before, 422, { code: 'INVALID_ARGUMENT', detail }]);
    }
  });

  test('Link leads through all changes: none twice, and none left out that was there', async () => {
    const before = (await read('/history?limit=1000')).json<{ changes: { uid: string; rev: number }[] }>().changes;
    let changes = 0;
    const change = () => put('user-20', { status: 'busy', text: `more ${changes++}` });
    const seen = await follow<{ uid: string; rev: number }>(
      '/api/v1/history?limit=7&cause=claim,connection',
      'changes',
      change,
    );
    const names = seen.map(({ uid, rev }) => `${uid} ${rev}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(before.map(({ uid, rev }) => `${uid} ${rev}`));
  });

  test('ids with every character come back as they were', async () => {
    for (const uid of ['ä/ö?#', 'a b+c', '%41', '..', 'x;y=1,2', '😀']) {
      await put(encodeURIComponent(uid), { status: 'busy' });
      const answer = await read(`/users/${encodeURIComponent(uid)}`);
      expect([answer.status, answer.json().uid]).toEqual([200, uid]);
    }
  });

  test.each<[string, string, number, string]>([
    ['an expectation', 'GET /health HTTP/1.1\r\nHost: x\r\nExpect: magic\r\n\r\n', 417, 'EXPECTATION_FAILED'],
    ['no Host', 'GET /api/v1/me HTTP/1.1\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    ['a head without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
    ['no HTTP', 'EHLO mail\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    ['a length that is none', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
  ])('%s is answered as a problem', async (_what, bytes, status, code) => {
    const socket = connect(Number(new URL(node.url).port), '127.0.0.1');
    socket.end(bytes);
    const [head, body] = (await readText(socket)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*application/problem\\+json`, 'i'));
    expect(head!.toLowerCase()).toContain('\r\nx-content-type-options: nosniff\r\n');
    expect(body).toContain(`"code":"${code}"`);
  });

  test('each result of a batch of users names its user, whatever the item called them', async () => {
    const body = { users: [{ _id: 'ann' }, { uid: 'bob' }] };
    const answer = await node.ask({ method: 'POST', path: '/api/v1/users', token: TOKENS.admin, body });
    const results = [
      { uid: 'ann', _id: 'ann', ok: true },
      { uid: 'bob', ok: false, error: { message: '_id: is missing' } },
    ];
    expect(answer.json()).toMatchObject({ results });
  });
});
