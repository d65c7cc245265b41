import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { MAX_OF_ADDRESS } from '../../lib/socket/unauthenticated';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { startReplica, type Replica } from '../helpers/replica';
import { ADMIN_TOKEN, READ_TOKEN, Refused, SocketUser, TOKENS, type Opening } from '../helpers/socket-client';

const MAX_CLIENTS = 5;

/** Who is let in by the WebSocket, and who is sent away. */
describe('the door of the WebSocket', () => {
  let replica: Replica;
  let port: number;
  const users: SocketUser[] = [];

  beforeAll(async () => {
    port = await freePort();
    const env = {
      PORT: String(port),
      API_TOKENS: TOKENS,
      CORS_ORIGINS: 'https://app.example.org',
      WS_MAX_CLIENTS: String(MAX_CLIENTS),
    };
    replica = await startReplica({ nodeID: 'presence-1', env });
  });
  afterEach(async () => {
    users.splice(0).forEach((user) => user.cut());
    await eventually(() => expect(clients()).toBe(0));
  });
  afterAll(() => replica.stop());

  /** As the node counts them. */
  function clients(): number {
    const { presenceSocket } = replica.broker.getLocalService('api') as unknown as { presenceSocket: { size: number } };
    return presenceSocket.size;
  }

  async function open(opening: Opening = {}): Promise<SocketUser> {
    const user = await SocketUser.open(port, opening);
    users.push(user);
    return user;
  }

  async function refusal(opening: Opening): Promise<unknown> {
    const refused = await open(opening).catch((error: unknown) => error);
    if (!(refused instanceof Refused)) throw new Error('it was let in');
    const { status, body } = refused;
    expect(JSON.parse(body)).toMatchObject({
      status,
      type: `/problems/${(JSON.parse(body) as { code: string }).code}`,
    });
    return { status, code: (JSON.parse(body) as { code: string }).code };
  }

  test('by a header', async () => {
    const user = await open({ token: READ_TOKEN });
    await user.hears(({ op }) => op === 'hello');
    expect(user.frames[0]).toMatchObject({ op: 'hello', name: 'guest', scope: 'read' });
  });

  test('by the first frame, as browsers must', async () => {
    const user = await open();
    user.says({ op: 'auth', token: ADMIN_TOKEN });
    const hello = await user.hears(({ op }) => op === 'hello');
    expect(hello).toMatchObject({ name: 'boss', scope: 'admin' });
    user.subscribe(['ann']);
    await user.knows({ ann: 'unknown' });
  });

  test('a token that nobody has is refused, in a header and in a frame', async () => {
    await expect(refusal({ token: 'nobody-has-this-token' })).resolves.toEqual({
      status: 401,
      code: 'UNAUTHENTICATED',
    });
    await expect(refusal({ headers: { authorization: 'Basic Ym9zczpib3Nz' } })).resolves.toMatchObject({ status: 401 });
    const user = await open();
    user.says({ op: 'auth', token: 'nobody-has-this-token' });
    await expect(user.isClosed()).resolves.toMatchObject({ code: 4401 });
    expect(user.frames).toMatchObject([{ op: 'error', code: 'UNAUTHENTICATED' }]);
  });

  test('who does not say who he is, is told nothing and sent away', async () => {
    const user = await open();
    user.subscribe('all');
    await user.hears(({ code }) => code === 'UNAUTHENTICATED');
    await expect(user.isClosed()).resolves.toMatchObject({ code: 4401 });
    expect(user.frames).toHaveLength(1);
  });

  test('pages of the node itself and of allowed origins; no others, whatever their token', async () => {
    for (const origin of [`http://127.0.0.1:${port}`, 'https://app.example.org']) {
      const user = await open({ token: READ_TOKEN, headers: { origin } });
      await user.hears(({ op }) => op === 'hello');
    }
    for (const origin of ['https://evil.example.org', 'null', 'https://app.example.org.evil.example', 'x']) {
      await expect(refusal({ token: READ_TOKEN, headers: { origin } })).resolves.toEqual({
        status: 403,
        code: 'ORIGIN_NOT_ALLOWED',
      });
    }
  });

  test('after too many tokens that nobody has, none is looked at any more, in headers or frames', async () => {
    const other = await freePort();
    const env = { PORT: String(other), API_TOKENS: TOKENS, API_AUTH_FAILURES: '4', TRUSTED_PROXIES: '1' };
    const strict = await startReplica({ nodeID: 'presence-2', env });
    try {
      const from = (address: string, token?: string) => ({ token, headers: { 'x-forwarded-for': address } });
      const refused = (opening: Opening) => SocketUser.open(other, opening).catch((error: unknown) => error);
      for (let i = 0; i < 2; i++) {
        await expect(refused(from('10.0.0.1', 'wrong-wrong-wrong-wrong'))).resolves.toMatchObject({ status: 401 });
        const user = await SocketUser.open(other, from('10.0.0.1'));
        user.says({ op: 'auth', token: 'wrong-wrong-wrong-wrong' });
        await user.isClosed();
      }
      for (const token of [READ_TOKEN, undefined]) {
        await expect(refused(from('10.0.0.1', token))).resolves.toMatchObject({ status: 429 });
      }
      const another = await SocketUser.open(other, from('10.0.0.2', READ_TOKEN));
      another.cut();
    } finally {
      await strict.stop();
    }
  });

  test('it is refused as REST refuses: status line, headers and body', async () => {
    const headers = { authorization: 'Bearer nobody-has-this-token' };
    const rest = await fetch(`http://127.0.0.1:${port}/api/v1/me`, { headers });
    const refused = await answerTo(
      `GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: ${headers.authorization}\r\n\r\n`,
    );
    const [head, body] = refused.split('\r\n\r\n');
    const [statusLine, ...lines] = head!.split('\r\n');
    expect(statusLine).toBe('HTTP/1.1 401 Unauthorized');
    expect(JSON.parse(body!)).toEqual(await rest.json());
    const told = new Headers(lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]));
    const fixed = (all: Headers) => [...all].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name));
    expect(fixed(told)).toEqual(fixed(rest.headers));
  });

  test('at its own address only', async () => {
    for (const path of ['/', '/api/v1/ws/', '/api/v1/wsx', '/api/v1/users', '//api/v1/ws']) {
      await expect(refusal({ token: READ_TOKEN, path })).resolves.toEqual({ status: 404, code: 'NOT_FOUND' });
    }
    await open({ token: READ_TOKEN, path: '/api/v1/ws?v=1' });
  });

  test('no more than WS_MAX_CLIENTS at a time', async () => {
    for (let i = 0; i < MAX_CLIENTS; i++) await open({ token: READ_TOKEN });
    const late = await open({ token: READ_TOKEN });
    await expect(late.isClosed()).resolves.toMatchObject({ code: 1013 });
    users[0]!.cut();
    await eventually(() => expect(clients()).toBe(MAX_CLIENTS - 1));
    const next = await open({ token: READ_TOKEN });
    await next.hears(({ op }) => op === 'hello');
  });

  test('connections that do not say who they are take no place of those that do, nor does one that is sent away', async () => {
    const silent: WebSocket[] = [];
    try {
      for (let i = 0; i < 2 * MAX_OF_ADDRESS; i++) {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/ws`);
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.once('open', resolve));
        silent.push(socket);
      }
      await eventually(() =>
        expect(silent.filter(({ readyState }) => readyState === WebSocket.OPEN)).toHaveLength(MAX_OF_ADDRESS),
      );
      for (let i = 0; i < MAX_CLIENTS; i++) {
        const user = await open();
        user.says({ op: 'auth', token: READ_TOKEN });
        await user.hears(({ op }) => op === 'hello');
      }
      // Sent away for too many frames, and does not read that it is: its place is free all the same.
      users[0]!.socket.pause();
      for (let i = 0; i < 60; i++) users[0]!.says({ op: 'ping' });
      await eventually(() => expect(clients()).toBe(MAX_CLIENTS - 1));
      const next = await open({ token: READ_TOKEN });
      await next.hears(({ op }) => op === 'hello');
    } finally {
      silent.forEach((socket) => socket.terminate());
    }
  });

  test('a caller’s connections and ids are limited, and both count as requests', async () => {
    const other = await freePort();
    const limits = { WS_MAX_CLIENTS_PER_CALLER: '2', WS_MAX_IDS_PER_CALLER: '5', API_RATE_LIMIT: '8' };
    const env = { PORT: String(other), API_TOKENS: TOKENS, ...limits };
    const strict = await startReplica({ nodeID: 'presence-3', env });
    const opened: SocketUser[] = [];
    const enter = async (opening: Opening) => {
      const user = await SocketUser.open(other, opening);
      opened.push(user);
      return user;
    };
    const refused = (user: SocketUser, code: string) => user.hears((frame) => frame.code === code);
    try {
      const [one, two] = [await enter({ token: READ_TOKEN }), await enter({ token: READ_TOKEN })];
      await expect((await enter({ token: READ_TOKEN })).isClosed()).resolves.toMatchObject({ code: 1013 });
      one.subscribe(['a', 'b', 'c']);
      await one.answered();
      two.says({ op: 'subscribe', id: 'x', uids: ['a', 'b', 'c'] });
      expect(await refused(two, 'TOO_MANY_IDS')).toMatchObject({ id: 'x' });
      two.subscribe(['a', 'b']);
      await two.answered();
      one.subscribe('all');
      await one.answered();
      two.subscribe(['a', 'b', 'c', 'd', 'e']);
      await two.answered();
      one.says({ op: 'subscribe', id: 'y', uids: 'all' });
      expect(await refused(one, 'RATE_LIMITED')).toMatchObject({ id: 'y' });
      const headers = { authorization: `Bearer ${READ_TOKEN}` };
      expect((await fetch(`http://127.0.0.1:${other}/api/v1/me`, { headers })).status).toBe(429);
      for (const user of opened) user.cut();
      const late = await enter({});
      late.says({ op: 'auth', token: READ_TOKEN });
      await refused(late, 'RATE_LIMITED');
      await expect(late.isClosed()).resolves.toMatchObject({ code: 1013 });
      const boss = await enter({ token: ADMIN_TOKEN });
      await boss.hears(({ op }) => op === 'hello');
    } finally {
      for (const user of opened) user.cut();
      await strict.stop();
    }
  });

  test('a request that asks for an upgrade to something else leaves nothing behind', async () => {
    const answers = await Promise.all(
      [
        'GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        'GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
        'POST /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n',
      ].map((request) => answerTo(request)),
    );
    // h2c is an offer that can be left: then it is a request without a token.
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 (400|401|405|426) /);
  });

  function answerTo(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket: Socket = connect(port, '127.0.0.1', () => socket.write(request));
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.once('close', () => resolve(answer));
      socket.once('error', reject);
    });
  }
});
