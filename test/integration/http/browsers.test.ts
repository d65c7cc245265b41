import { startApiNode, TOKENS, withApiNode, type ApiNode } from '../../helpers/api-node';
import type { Answer } from '../../helpers/http-client';

const APP = 'https://app.example.org';

/** What browsers are told: who may ask from where, and what must not be done with what is answered. */
describe('browsers', () => {
  let node: ApiNode;

  beforeAll(async () => {
    node = await startApiNode();
  }, 60_000);
  afterAll(() => node.stop());

  test.each([
    ['/', undefined],
    ['/docs', undefined],
    ['/docs/swagger-ui.css', undefined],
    ['/openapi.json', undefined],
    ['/nothing', undefined],
    ['/health', undefined],
    ['/metrics', undefined],
    ['/api/v1/me', TOKENS.read],
    ['/api/v1/me', undefined],
    ['/api/v1/users?x=1', TOKENS.read],
  ])('%s has the headers that keep browsers from misuse', async (path, token) => {
    const { headers } = await node.ask({ path, token });
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/default-src 'self'.*object-src 'none'/) as string,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
  });

  test('over HTTPS the parts of a page come by HTTPS too, as a trusted proxy says', async () => {
    const asked = { path: '/', headers: { 'x-forwarded-proto': 'https' } };
    const policy = ({ headers }: Answer) => headers['content-security-policy'];
    expect(policy(await node.ask(asked))).not.toContain('upgrade-insecure-requests');
    await withApiNode({ env: { TRUSTED_PROXIES: '1' } }, async (behind) => {
      const answer = await behind.ask(asked);
      expect(policy(answer)).toContain('upgrade-insecure-requests');
      // Of a host that may have other paths and subdomains the proxy alone can speak.
      expect(answer.headers).not.toHaveProperty('strict-transport-security');
    });
  });

  const from = (at: ApiNode, origin: string, method = 'GET', more = {}) =>
    at.ask({
      method,
      path: '/api/v1/me',
      token: method === 'OPTIONS' ? undefined : TOKENS.read,
      headers: { origin, ...more },
    });
  const PREFLIGHT = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' };

  test('without CORS_ORIGINS no origin is let in', async () => {
    for (const answer of [await from(node, APP), await from(node, APP, 'OPTIONS', PREFLIGHT)]) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect((await from(node, APP, 'OPTIONS', PREFLIGHT)).status).toBe(401);
  });

  test.each([
    [`${APP},https://b.example.org`, APP, APP],
    [`${APP},https://b.example.org`, 'https://b.example.org', 'https://b.example.org'],
    [APP, 'https://app.example.org.evil.example', undefined],
    [APP, 'http://app.example.org', undefined],
    [APP, 'null', undefined],
    ['*', 'https://any.example', '*'],
  ])('CORS_ORIGINS %s lets %s in as %s', async (CORS_ORIGINS, origin, allowed) => {
    await withApiNode({ env: { CORS_ORIGINS } }, async (open) => {
      const answer = await from(open, origin);
      expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, allowed]);
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
      expect(answer.headers.vary).toMatch(/origin/i);
      const exposed = answer.headers['access-control-expose-headers'];
      expect(exposed === undefined).toBe(allowed === undefined);
      const preflight = await from(open, origin, 'OPTIONS', PREFLIGHT);
      expect(preflight.headers['access-control-allow-origin']).toBe(allowed);
      expect(preflight.status).toBe(allowed === undefined ? 401 : 204);
      if (allowed) expect(preflight.headers['access-control-allow-headers']).toContain('authorization');
      const refused = await open.ask({ path: '/api/v1/me', headers: { origin } });
      expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, allowed]);
    });
  });
});
