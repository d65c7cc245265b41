import type http from 'node:http';
import net from 'node:net';
import { httpServer } from '../../../lib/http/http-server';
import { close, listen } from '../../../lib/http/listen';
import type { Problem } from '../../../lib/http/problems';
import { freePort } from '../../helpers/free-port';

/** Whoever does not say what he wants in time is told so, and does not keep his connection. */
describe('requests that do not arrive', () => {
  let server: http.Server;
  let port: number;
  let answered: number;

  beforeAll(async () => {
    port = await freePort();
    server = httpServer((req, res) => {
      req.on('error', () => undefined);
      req.resume().once('end', () => {
        answered += 1;
        res.end('taken');
      });
    });
    expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 30_000]);
    // The same, sooner.
    [server.headersTimeout, server.requestTimeout] = [300, 600];
    await listen(server, { variable: 'PORT', port: port, host: '127.0.0.1' });
  });
  afterAll(() => close(server));
  beforeEach(() => (answered = 0));

  /** Everything that is answered until the connection ends. */
  function says(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let heard = '';
      const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
      socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
      socket.once('error', reject).once('close', () => resolve(heard));
    });
  }

  test.each([
    ['nothing more of its head', 'GET /api/v1/me HTTP/1.1\r\nHost: here\r\n'],
    ['half of its body', 'POST /api/v1/users HTTP/1.1\r\nHost: here\r\nContent-Length: 20\r\n\r\n{"users"'],
    ['half of a chunk', 'POST /api/v1/users HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"us'],
  ])('of which comes %s: 408', async (_what, text) => {
    const [head = '', body = ''] = (await says(text)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(head.toLowerCase()).toContain('content-type: application/problem+json');
    expect(JSON.parse(body) as Problem).toMatchObject({ code: 'REQUEST_TOO_SLOW', status: 408, retryable: true });
    expect(answered).toBe(0);
  });

  test.each([
    ['GET', 'h2c', ''],
    ['POST', 'h2c', 'a body'],
    ['GET', 'TLS/1.0, h2c', ''],
  ])('%s that offers an upgrade to %s is answered as it is', async (method, protocol, body) => {
    const upgrades = jest.fn();
    server.on('upgrade', upgrades);
    const head = [`${method} / HTTP/1.1`, 'Host: here', 'Connection: Upgrade, HTTP2-Settings', `Upgrade: ${protocol}`];
    const heard = await says([...head, `Content-Length: ${body.length}`, '', body].join('\r\n'));
    expect(heard).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*taken$/);
    expect([answered, upgrades.mock.calls]).toEqual([1, []]);
    server.removeListener('upgrade', upgrades);
  });

  test('a fault behind a request that is being answered ends the connection, and is not taken for its answer', async () => {
    const heard = await says(
      'GET / HTTP/1.1\r\nHost: here\r\n\r\nGET / HTTP/1.1\r\nHost: here\r\n\r\nno request\r\n\r\n',
    );
    expect(heard).not.toContain('400 Bad Request');
  });

  test('a connection is kept for longer than any proxy keeps it', () => {
    expect(server.keepAliveTimeout).toBeGreaterThan(120_000);
  });

  test('one that arrives in time is answered', async () => {
    const heard = await says('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}');
    expect(heard).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*taken$/);
  });
});
