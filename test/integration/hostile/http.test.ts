import { readdirSync } from 'node:fs';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { hostileEach } from '../../helpers/hostile-each';
import { HostileClients } from '../../helpers/hostile-http';
import { NodeProcess } from '../../helpers/node-process';
import { describeFigures, processProbe, type ProcessFigures } from '../../helpers/process-figures';

const TOKEN = 'hostile-token-of-the-tests';
const EACH = hostileEach(1_000);
const MEGABYTE = 1024 * 1024;
/** What is promised of connections whose other side does nothing. */
const GONE_WITHIN_MS = 15_000;

const request = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: here', ...headers, '', ''].join('\r\n');

/** Sockets included; asking the node itself would have it collect garbage each time. */
const descriptorsOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

/** A node that serves HTTP, and everything that has been thought of against it: it holds no more after than before. */
describe('hostile HTTP clients', () => {
  const probe = processProbe();
  let node: NodeProcess;
  let port: number;
  let clients: HostileClients;

  beforeAll(async () => {
    port = await freePort();
    clients = new HostileClients(port);
    node = NodeProcess.start({
      PORT: String(port),
      DATA_DIR: ':memory:',
      API_TOKENS: `hostile:admin:${TOKEN}`,
      API_RATE_LIMIT: '0',
      API_AUTH_FAILURES: '0',
      ...probe.env,
    });
    await node.says(`http://127.0.0.1:${port}`);
    await fetch(`http://127.0.0.1:${port}/docs/swagger-ui-bundle.js`).then((answer) => answer.arrayBuffer());
  }, 30_000);
  afterEach(() => clients.closeAll());
  afterAll(() => node.end('SIGKILL'));

  /** Tries an attack. Afterwards nothing of it is left, and how it was is printed. */
  async function holds(title: string, attack: () => Promise<void>): Promise<ProcessFigures> {
    await probe.figures();
    const before = await probe.figures();
    await attack();
    const during = await probe.figures();
    const isLetGo = () => expect(descriptorsOf(node.pid)).toBeLessThanOrEqual(before.descriptors);
    await eventually(isLetGo, { timeoutMs: GONE_WITHIN_MS });
    const after = await probe.figures();
    process.stderr.write(`${describeFigures(title, before, { ...after, loop: during.loop })}\n`);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(8 * MEGABYTE);
    return during;
  }

  test('static files, pipelined and closed unread, hold no descriptor', async () => {
    await holds('static files unread', async () => {
      await HostileClients.times(EACH / 100, 4, async () => {
        const socket = await clients.unread(request('/docs/swagger-ui-bundle.js').repeat(100));
        socket.destroy();
      });
    });
  });

  test('connections whose answers are never read, late ones and refused upgrades are gone within 15 s', async () => {
    await holds('unread, late and refused', async () => {
      const websocket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
      const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
      await HostileClients.times(200, 20, () => clients.unread(request('/docs/swagger-ui-bundle.js').repeat(10)));
      await HostileClients.times(200, 20, () => clients.halfOpen('GET /health HTTP/1.1\r\nHost: he'));
      await HostileClients.times(200, 20, () => clients.halfOpen('no request at all\r\n\r\n'));
      await HostileClients.times(200, 20, () => clients.halfOpen(request('/nothing', ...websocket, key)));
      await HostileClients.times(200, 20, () => clients.halfOpen(request('/api/v1/ws', ...websocket)));
      await HostileClients.times(200, 20, () => clients.halfOpen(request('/health', 'Connection: close')));
      await HostileClients.times(200, 20, () => clients.halfOpen(''));
      expect(descriptorsOf(node.pid)).toBeGreaterThan(800);
    });
  }, 40_000);

  const authorized = `Authorization: Bearer ${TOKEN}`;
  const startMs = Date.now();
  /** `America/New_York`, each time with other letters large. */
  const spelled = (i: number) =>
    [...'america/new_york'].map((letter, at) => ((i >> at) & 1 ? letter.toUpperCase() : letter)).join('');
  const recent = `from=${new Date(startMs - 3_600_000).toISOString()}`;

  test.each<[string, (i: number) => string]>([
    [
      'spellings of a zone',
      (i) => request(`/api/v1/users/u${i}/activity?${recent}&timeZone=${spelled(i)}`, authorized),
    ],
    ['ETags', (i) => request('/openapi.json', `If-None-Match: "${i}", W/"${i}", *`)],
    ['ranges', (i) => request('/docs/start.js', `Range: bytes=${i}-,0-${i},-${i}`)],
    ['paths that are none', (i) => request(`/api/v1/%${i}/../..//${i}?${i}`, authorized)],
    ['tokens that nobody has', (i) => request('/api/v1/me', `Authorization: Bearer nobody-has-${i}`)],
    ['hosts and origins', (i) => request('/', `Origin: http://o${i}.example`, `X-Forwarded-For: 10.0.0.${i}`)],
  ])(
    'requests with ever-new %s are answered, and nothing of them stays',
    async (what, nth) => {
      const pipelined = async (i: number) => {
        await clients.answered(Array.from({ length: 10 }, (_, j) => nth(10 * i + j)));
      };
      await HostileClients.times(50, 4, pipelined); // what is made once is made
      await holds(what, () => HostileClients.times(EACH / 10, 4, pipelined));
    },
    60_000,
  );

  test.each([
    ['connections that say nothing', ''],
    ['heads that are half there', 'GET /health HTTP/1.1\r\nHost: he'],
    ['bodies that are half there', 'POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"users"'],
    ['heads of 20 kB', request('/health', `X-Long: ${'x'.repeat(20_000)}`)],
    ['upgrades that are refused', request('/nothing', 'Connection: Upgrade', 'Upgrade: websocket')],
  ])(
    '%s, given up at once, leave nothing',
    async (what, text) => {
      await HostileClients.times(100, 20, () => clients.gone(text));
      await holds(what, () => HostileClients.times(EACH, 20, () => clients.gone(text)));
      expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    },
    60_000,
  );
});
