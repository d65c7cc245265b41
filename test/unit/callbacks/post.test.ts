import net, { type AddressInfo, type LookupFunction } from 'node:net';
import { Poster, retryAfterOf, type PosterOptions } from '../../../lib/callbacks/post';
import { eventually } from '../../helpers/eventually';
import { HookReceiver, inTurn, status } from '../../helpers/hook-receiver';

const ended: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function poster(options: Partial<PosterOptions> = {}): Poster {
  const one = new Poster({ allowPrivate: true, ...options });
  ended.push(() => one.close());
  return one;
}

async function receiver(): Promise<HookReceiver> {
  const one = await HookReceiver.start();
  ended.push(() => one.down());
  return one;
}

const to = (url: string, body = '{}') => ({ url, body, headers: { 'webhook-id': 'msg_1' } });
const OK_HEAD = 'HTTP/1.1 200 OK\r\n';

/** A server that is told each request's connection, and how many have come before on that one and in all. */
async function raw(answer: (socket: net.Socket, ofSocket: number, ofAll: number) => void) {
  let all = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    let requests = 0;
    sockets.add(socket);
    socket.on('error', () => undefined); // reset by ourselves or by whom we test
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', () => answer(socket, requests++, all++)); // requests here are short: one packet
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ended.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, port, sockets, requests: () => all };
}

describe('an attempt', () => {
  test.each([200, 201, 204, 299])('answered by %i is a delivery', async (code) => {
    const target = await receiver();
    target.answer = status(code);
    expect(await poster().post(to(target.url, '{"a":"é"}'))).toEqual({ ok: true, status: code });
    expect(target.received).toMatchObject([{ id: 'msg_1', body: '{"a":"é"}', path: '/hook' }]);
    expect(target.received[0]!.headers).toMatchObject({ 'content-length': '10' });
  });

  test.each([304, 400, 401, 404, 410, 429, 500, 503])('answered by %i has failed', async (code) => {
    const target = await receiver();
    target.answer = (_request, response) => response.writeHead(code).end('their secret');
    const attempt = await poster().post(to(target.url));
    expect(attempt).toMatchObject({ ok: false, status: code });
    expect(attempt.error).toMatch(new RegExp(`^HTTP ${code}`));
    expect(JSON.stringify(attempt)).not.toContain('secret');
  });

  test.each([301, 302, 303, 307, 308])('answered by %i follows nothing', async (code) => {
    const [target, other] = [await receiver(), await receiver()];
    target.answer = status(code, { location: other.url });
    const attempt = await poster().post(to(target.url));
    expect(attempt).toEqual({ ok: false, status: code, error: `HTTP ${code}: redirects are not followed` });
    expect([target.received.length, other.received.length]).toEqual([1, 0]);
  });

  test('is told what a 429 or 503 asks for, and of others nothing', async () => {
    const target = await receiver();
    const asked = { 'retry-after': '120' };
    target.answer = inTurn(status(429, asked), status(503, asked), status(500, asked), status(302, asked));
    const one = poster();
    const attempts = [1, 2, 3, 4].map(() => one.post(to(target.url)));
    const byStatus = new Map((await Promise.all(attempts)).map((attempt) => [attempt.status, attempt.retryAfterMs]));
    expect(Object.fromEntries(byStatus)).toEqual({ 429: 120_000, 503: 120_000, 500: undefined, 302: undefined });
  });

  test('that nobody answers has failed in time, and its connection is closed', async () => {
    const target = await raw(() => undefined);
    expect(await poster({ timeoutMs: 100 }).post(to(target.url))).toEqual({ ok: false, error: 'no answer in time' });
    await eventually(() => expect(target.sockets.size).toBe(0));
  });

  test('lasts as long as its answer: who never ends one has no more connections than are under way', async () => {
    const target = await raw((socket) => socket.write(`${OK_HEAD}content-length: 100\r\n\r\nslow`));
    let isOver = false;
    const attempt = poster()
      .post(to(target.url))
      .finally(() => (isOver = true));
    await eventually(() => expect(target.requests()).toBe(1));
    const quick = await receiver();
    await poster().post(to(quick.url)); // by now that head has been read too
    expect(isOver).toBe(false);
    for (const socket of target.sockets) socket.end('x'.repeat(96));
    expect(await attempt).toEqual({ ok: true, status: 200 });
  });

  test('whose answer does not end is over in time, by the status it had', async () => {
    const target = await raw((socket) => socket.write(`${OK_HEAD}content-length: 100\r\n\r\nslow`));
    expect(await poster({ timeoutMs: 100 }).post(to(target.url))).toEqual({ ok: true, status: 200 });
    await eventually(() => expect(target.sockets.size).toBe(0));
  });

  test('whose answer is long is not read to its end', async () => {
    const target = await raw((socket) => socket.write(`${OK_HEAD}content-length: 9999999\r\n\r\n${'x'.repeat(5000)}`));
    expect(await poster().post(to(target.url))).toEqual({ ok: true, status: 200 });
    await eventually(() => expect(target.sockets.size).toBe(0));
  });

  test('whose connection was kept and is closed by now is made again on another', async () => {
    const target = await raw((socket, ofSocket) => {
      if (ofSocket === 0) socket.write(`${OK_HEAD}content-length: 0\r\n\r\n`);
      else socket.destroy();
    });
    const one = poster();
    expect(await one.post(to(target.url))).toMatchObject({ ok: true });
    expect(await one.post(to(target.url))).toMatchObject({ ok: true });
    expect(target.requests()).toBe(3);
  });

  test('whose new connection is closed has failed, once', async () => {
    const target = await raw((socket) => socket.destroy());
    expect(await poster().post(to(target.url))).toEqual({ ok: false, error: 'ECONNRESET' });
    expect(target.requests()).toBe(1);
  });

  test.each([
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
    ['a head without end', `${OK_HEAD}x: ${'y'.repeat(20_000)}`],
  ])('answered by %s has failed', async (_what, answer) => {
    const target = await raw((socket) => socket.write(answer));
    const attempt = await poster().post(to(target.url));
    expect(attempt).toMatchObject({ ok: false, error: expect.any(String) as string });
    await eventually(() => expect(target.sockets.size).toBe(0));
  });

  test('under way ends when nobody posts any more', async () => {
    const target = await raw(() => undefined);
    const one = poster();
    const attempt = one.post(to(target.url));
    await eventually(() => expect(target.requests()).toBe(1));
    one.close();
    expect(await attempt).toMatchObject({ ok: false });
  });

  test('at a target without a listener has failed', async () => {
    const target = await receiver();
    await target.down();
    expect(await poster().post(to(target.url))).toEqual({ ok: false, error: 'ECONNREFUSED' });
  });
});

describe('where private targets are not allowed', () => {
  const strict = (lookup?: LookupFunction) => poster({ allowPrivate: false, lookup });
  const leadsTo =
    (...addresses: string[]): LookupFunction =>
    (_name, { all }, callback) => {
      const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
      return all ? callback(null, found) : callback(null, found[0]!.address, found[0]!.family);
    };

  test.each([
    '127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '198.18.0.1',
    '::1',
    '::ffff:127.0.0.1',
    'fd00::1',
    '0.0.0.0',
  ])('a name that leads to %s is not connected to, and that address is not told', async (address) => {
    const target = await raw(() => undefined);
    const attempt = await strict(leadsTo(address)).post(to(`https://a.example:${target.port}/`));
    expect(attempt).toEqual({ ok: false, error: 'refused: the target is not a public address' });
    expect(target.requests() + target.sockets.size).toBe(0);
  });

  test('a name that leads to a public address and a private one is not connected to', async () => {
    const both = strict(leadsTo('8.8.8.8', '127.0.0.1'));
    expect(await both.post(to('https://a.example/'))).toMatchObject({
      error: expect.stringMatching(/refused/) as string,
    });
  });

  test('a name that nobody knows has failed', async () => {
    const failure = Object.assign(new Error('x'), { code: 'ENOTFOUND' });
    const one = strict((_name, _options, callback) => callback(failure, ''));
    expect(await one.post(to('https://a.example/'))).toEqual({ ok: false, error: 'ENOTFOUND' });
  });

  test.each([
    'http://127.0.0.1',
    'https://127.0.0.1',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://localhost',
  ])('%s is not connected to, though it was registered', async (origin) => {
    const target = await raw(() => undefined);
    const attempt = await strict().post(to(`${origin}:${target.port}/`));
    expect(attempt).toMatchObject({ ok: false, error: expect.stringMatching(/^refused: /) as string });
    expect(target.requests() + target.sockets.size).toBe(0);
  });
});

describe('Retry-After', () => {
  const NOW = Date.UTC(2030, 0, 1);
  test.each([
    [undefined, undefined],
    ['0', 0],
    [' 120 ', 120_000],
    ['Tue, 01 Jan 2030 00:01:00 GMT', 60_000],
    ['Mon, 31 Dec 2029 23:59:00 GMT', 0],
    ['', undefined],
    ['soon', undefined],
    ['9999999999999', undefined],
  ])('%p is %p ms', (value, ms) => expect(retryAfterOf(value, NOW)).toBe(ms));
});
