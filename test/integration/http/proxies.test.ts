import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { ask, type Answer } from '../../helpers/http-client';
import { NodeProcess } from '../../helpers/node-process';
import { PROXIES, startProxy, type Proxy } from '../../helpers/proxies';
import { behindProxies } from '../../helpers/suites';

const TOKEN = 'a-token-for-behind-the-proxies';
const CLIENTS = 4;

/** With what else came, for a proxy's own words are other than the node's. */
const outcomeOf = ({ status, headers, text }: Answer) =>
  status === 200 ? 200 : `${status} ${String(headers.server)} ${text}`;

/** The configurations of docs/OPERATIONS.md, with the real programs. */
behindProxies('proxies')('behind Caddy and behind nginx', () => {
  let ports: [number, number];
  let replicas: NodeProcess[];
  const proxies: Proxy[] = [];

  const start = async (port: number) => {
    const env = { PORT: String(port), DATA_DIR: ':memory:', DRAIN_TIME: '3', API_TOKENS: `proxied:admin:${TOKEN}` };
    const node = NodeProcess.start({ ...env, TRUSTED_PROXIES: '1', API_RATE_LIMIT: '0' });
    const isHealthy = async () => expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    await eventually(isHealthy, { timeoutMs: 30_000 });
    return node;
  };

  const nodeIdAt = async (base: string) =>
    (await ask(base, { path: '/health', headers: { accept: 'application/json' } })).json<{ nodeID: string }>().nodeID;

  /** What the handbook waits for before the next is stopped: a proxy that has not looked yet would have nobody. */
  const isSentTo = async (port: number, { url }: Proxy) => {
    const nodeId = await nodeIdAt(`http://127.0.0.1:${port}`);
    await eventually(async () => expect(await nodeIdAt(url)).toBe(nodeId), { timeoutMs: 15_000 });
  };

  beforeAll(async () => {
    ports = [await freePort(), await freePort()];
    replicas = await Promise.all(ports.map(start));
    for (const name of PROXIES) proxies.push(await startProxy(name, ports));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await Promise.all(replicas.map((node) => node.end('SIGKILL')));
  });

  test('no request is lost when the replicas are replaced one after the other', async () => {
    const answers = new Map<string, number>();
    let isOver = false;
    const client = async ({ url }: Proxy, name: string) => {
      const requests = [
        { path: '/api/v1/me' },
        { method: 'POST', path: '/api/v1/users/query', body: { uids: ['ann'] } },
        { method: 'PUT', path: '/api/v1/users/ann/status', body: { status: 'busy' } },
      ];
      for (let i = 0; !isOver; i += 1) {
        const answer = await ask(url, { token: TOKEN, ...requests[i % requests.length]! }).catch(
          (error: Error) => error,
        );
        const outcome = `${name} ${answer instanceof Error ? answer.message : outcomeOf(answer)}`;
        answers.set(outcome, (answers.get(outcome) ?? 0) + 1);
      }
    };
    const clients = proxies.flatMap((proxy, i) => Array.from({ length: CLIENTS }, () => client(proxy, PROXIES[i]!)));
    for (const [i, port] of ports.entries()) {
      expect(await replicas[i]!.end('SIGTERM')).toBe(0);
      replicas[i] = await start(port);
      await Promise.all(proxies.map((proxy) => isSentTo(port, proxy)));
    }
    isOver = true;
    await Promise.all(clients);
    process.stderr.write(
      `replaced behind proxies: ${[...answers].map(([what, many]) => `${many} × ${what}`).join(', ')}\n`,
    );
    expect([...answers.keys()].sort()).toEqual(['caddy 200', 'nginx 200']);
  }, 120_000);

  test.each(PROXIES)('%s keeps /metrics from the outside and says that the host is for HTTPS alone', async (name) => {
    const { url } = proxies[PROXIES.indexOf(name)]!;
    expect((await ask(url, { path: '/metrics', token: TOKEN })).status).toBe(404);
    const page = await ask(url, { path: '/' });
    expect([page.status, page.headers['strict-transport-security']]).toEqual([200, 'max-age=31536000']);
  });
});
