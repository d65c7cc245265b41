import http from 'node:http';
import net from 'node:net';
import { startApiNode, TOKENS } from '../../helpers/api-node';
import { eventually } from '../../helpers/eventually';

/** A stop that no client of a proxy notices. */
test('on a stop /health is red first, requests are still answered and end their connections, then nothing listens', async () => {
  const node = await startApiNode({ env: { DRAIN_TIME: '1' } });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = new URL(node.url);
  const get = (path: string) =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${TOKENS.write}` };
      const req = http.get({ agent, port, host: '127.0.0.1', path, headers }, (res) => resolve(res.resume()));
      req.once('error', reject);
    });
  const before = await get('/health');
  expect([before.statusCode, before.headers.connection]).toEqual([200, 'keep-alive']);
  const stopped = node.stop();
  await eventually(async () => {
    const { statusCode, headers } = await get('/health');
    expect([statusCode, headers.connection]).toEqual([500, 'close']);
  });
  const put = await node.ask({
    method: 'PUT',
    path: '/api/v1/users/ann/status',
    token: TOKENS.write,
    body: { status: 'busy' },
  });
  expect([put.status, put.headers.connection]).toEqual([200, 'close']);
  await stopped;
  await expect(get('/health')).rejects.toThrow('ECONNREFUSED');
  agent.destroy();
});

test('on a stop a request on a connection that was open is answered also after nothing listens any more', async () => {
  const node = await startApiNode({ env: { DRAIN_TIME: '1' } });
  const port = Number(new URL(node.url).port);
  await node.ask({ path: '/health' });
  const silent = net.connect(port, '127.0.0.1');
  let answer = '';
  silent.on('data', (chunk) => (answer += String(chunk))).on('error', (error) => (answer += error.message));
  const stopped = node.stop();
  await eventually(() => expect(refusalOf(port)).resolves.toBe('ECONNREFUSED'));
  silent.write(`GET /api/v1/me HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${TOKENS.write}\r\n\r\n`);
  await eventually(() => expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n.*connection: close/is));
  await stopped;
});

/** @returns why a port takes no connection; undefined where it does */
function refusalOf(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(undefined));
    socket.once('connect', () => socket.destroy()).once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
}
