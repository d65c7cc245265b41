import { startApiNode, TOKENS, withApiNode, type ApiNode } from '../../helpers/api-node';
import { ContractBook } from '../../helpers/contract-book';

const WRITE = ['setStatus', 'setStatusMany', 'addSchedule', 'cancelSchedule'];
const READ = [
  ...['getUser', 'listUsers', 'queryUsers', 'getClaims', 'listSchedules', 'listHistory', 'countHistory'],
  ...['userActivity', 'activitySummary', 'getStats', 'getMe', 'listReplicas', 'getMetrics'],
];
const NOTHING = ['getHealth', 'getDocument'];
const NOBODYS = 'a-token-that-nobody-has';

/** Who may do what, how often, and from where. */
describe('access to the HTTP API', () => {
  let node: ApiNode;

  beforeAll(async () => {
    node = await startApiNode({ env: { MS_METRICS: 'true' } });
  }, 60_000);
  afterAll(() => node.stop());

  test('every operation takes the scopes that allow it, and no others', async () => {
    const book = await ContractBook.of(node);
    const given = [undefined, NOBODYS, TOKENS.read, TOKENS.write, TOKENS.admin];
    for (const { id, method, path } of book.operations) {
      const asked = { method, path: path.replace(/{\w+}/g, 'nobody') };
      const outcomes: string[] = [];
      for (const token of given) {
        const { status } = await node.ask({ ...asked, token });
        outcomes.push(status === 401 || status === 403 ? String(status) : 'in');
      }
      expect([id, outcomes.join(' ')]).toEqual([id, expectedOf(id)]);
    }
  });

  function expectedOf(id: string): string {
    if (NOTHING.includes(id)) return 'in in in in in';
    if (READ.includes(id)) return '401 401 in in in';
    return WRITE.includes(id) ? '401 401 403 in in' : '401 401 403 403 in';
  }

  test.each([
    ['Basic cmVhZGVyOng=', 401],
    [`bearer ${TOKENS.read}`, 200],
    [`Bearer   ${TOKENS.read}  `, 200],
    [TOKENS.read, 401],
    [`Bearer ${TOKENS.read}x`, 401],
    [`Bearer ${TOKENS.read.slice(1)}`, 401],
    ['Bearer ', 401],
    ['', 401],
  ])('Authorization: %s is answered %i', async (authorization, status) => {
    const answer = await node.ask({ path: '/api/v1/me', headers: { authorization } });
    expect(answer.status).toBe(status);
  });

  test('a token in the query is none', async () => {
    const answer = await node.ask({ path: `/api/v1/me?token=${TOKENS.read}&access_token=${TOKENS.read}` });
    expect(answer.status).toBe(401);
  });

  test('metrics are for anybody where METRICS_OPEN says so', async () => {
    await withApiNode({ env: { MS_METRICS: 'true', METRICS_OPEN: 'true' } }, async (open) => {
      expect((await open.ask({ path: '/metrics' })).status).toBe(200);
      expect((await open.ask({ path: '/api/v1/me' })).status).toBe(401);
    });
  });

  test('requests are limited by caller, and each answer says how he stands', async () => {
    await withApiNode({ env: { API_RATE_LIMIT: '3' } }, async (limited) => {
      const asked = async (token: string) => {
        const { status, headers } = await limited.ask({ path: '/api/v1/me', token });
        return [status, headers['ratelimit-limit'], headers['ratelimit-remaining']];
      };
      for (const left of ['2', '1', '0']) expect(await asked(TOKENS.read)).toEqual([200, '3', left]);
      expect(await asked(TOKENS.read)).toEqual([429, '3', '0']);
      const refused = await limited.ask({ path: '/api/v1/users', token: TOKENS.read });
      const { 'retry-after': again, 'ratelimit-reset': reset } = refused.headers;
      expect([refused.status, again]).toEqual([429, reset]);
      expect(Number(again)).toBeGreaterThan(0);
      expect(Number(again)).toBeLessThanOrEqual(60);
      expect(await asked(TOKENS.write)).toEqual([200, '3', '2']);
    });
  });

  test('failed authentications are limited by address, whatever token comes after them', async () => {
    await withApiNode({ env: { API_AUTH_FAILURES: '3' } }, async (limited) => {
      const asked = async (token: string, forwarded?: string) => {
        const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
        return (await limited.ask({ path: '/api/v1/me', token, headers })).status;
      };
      const logged = jest.spyOn(limited.broker.getLocalService('api').logger, 'warn');
      for (let i = 0; i < 3; i++) expect(await asked(NOBODYS)).toBe(401);
      expect(logged.mock.calls).toEqual([[expect.stringMatching(/^failed logins: 1, from 127\.0\.0\.1 \(1\);/)]]);
      expect(await asked(NOBODYS)).toBe(429);
      expect(await asked(TOKENS.admin)).toBe(429);
      // Without TRUSTED_PROXIES anybody may write there what he likes.
      expect(await asked(TOKENS.admin, '203.0.113.7')).toBe(429);
      expect((await limited.ask({ path: '/health' })).status).toBe(200);
    });
  });

  test('behind proxies it is the address that the outermost of them saw', async () => {
    await withApiNode({ env: { API_AUTH_FAILURES: '1', TRUSTED_PROXIES: '2' } }, async (limited) => {
      const asked = async (token: string, forwarded: string) =>
        (await limited.ask({ path: '/api/v1/me', token, headers: { 'x-forwarded-for': forwarded } })).status;
      expect(await asked(NOBODYS, '1.1.1.1, 203.0.113.7, 10.0.0.1')).toBe(401);
      expect(await asked(TOKENS.read, '2.2.2.2, 203.0.113.7, 10.0.0.1')).toBe(429);
      expect(await asked(TOKENS.read, '203.0.113.7, 203.0.113.8, 10.0.0.1')).toBe(200);
      expect(await asked(NOBODYS, '2001:db8:1:2:3::1, 10.0.0.1')).toBe(401);
      expect(await asked(TOKENS.read, '2001:db8:1:2:4::2, 10.0.0.1')).toBe(429);
    });
  });

  test('a body may have as many bytes as API_MAX_BODY says', async () => {
    await withApiNode({ env: { API_MAX_BODY: '1000' } }, async (small) => {
      const asked = async (bytes: number, headers = {}) => {
        const body = JSON.stringify({ uids: ['ann'], more: '' });
        const padded = body.replace('""', `"${'x'.repeat(bytes - body.length)}"`);
        const call = { method: 'POST', path: '/api/v1/users/query', token: TOKENS.read, body: padded, headers };
        return (await small.ask(call)).status;
      };
      expect(await asked(1000)).toBe(200);
      expect(await asked(1001)).toBe(413);
    });
  });
});
