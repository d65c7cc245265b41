import http from 'node:http';
import { close, listen } from '../../../lib/http/listen';
import { CallBudget } from '../../../lib/rocketchat/call-budget';
import type { RocketChatFault } from '../../../lib/rocketchat/faults';
import { adviceOn, ServiceAccount } from '../../../lib/rocketchat/service-account';
import { freePort } from '../../helpers/free-port';
import { RocketChatRest, type RestOptions } from '../../helpers/rocketchat-rest';

const PRESENCE = { method: 'GET', path: 'v1/users.presence' } as const;
/** So that a test does not wait for a minute. */
const QUICK = { calls: 3, perMs: 500 };

describe('the service account', () => {
  let rest: RocketChatRest;
  afterEach(() => rest.away());

  async function start(options: RestOptions = {}, budget?: CallBudget): Promise<ServiceAccount> {
    rest = await RocketChatRest.start(options);
    return new ServiceAccount({ url: rest.url, ...rest.account, budget });
  }
  const faultOf = (promise: Promise<unknown>) => promise.then(undefined, (fault: RocketChatFault) => fault);

  it('knows the version without a login', async () => {
    const account = await start({ version: '7.4.1' });
    await expect(account.era()).resolves.toMatchObject({ version: '7.4', isSupported: true });
    expect(rest.asked('v1/login')).toHaveLength(0);
  });

  it('logs in once, for however many calls there are at once', async () => {
    const account = await start();
    rest.put({ _id: 'ann', username: 'ann', status: 'busy' });
    const answers = await Promise.all([1, 2, 3].map(() => account.call<{ users: unknown[] }>(PRESENCE)));
    for (const { users } of answers) expect(users).toMatchObject([{ _id: 'ann', status: 'busy' }]);
    expect(rest.asked('v1/login')).toHaveLength(1);
    await expect(account.userId()).resolves.toBe('service');
  });

  it('renews a token that has ended, once for all who find out together', async () => {
    const account = await start();
    await account.call(PRESENCE);
    rest.expireTokens();
    await Promise.all([1, 2, 3].map(() => account.call(PRESENCE)));
    expect(rest.asked('v1/login')).toHaveLength(2);
  });

  it('a password that is wrong by now is told, and the call is not made again and again', async () => {
    const account = await start();
    await account.call(PRESENCE);
    rest.expireTokens();
    rest.account.password = 'another';
    const fault = (await faultOf(account.call(PRESENCE))) as RocketChatFault;
    expect(fault.code).toBe('UNAUTHENTICATED');
    expect(adviceOn(fault, { url: rest.url, username: 'presence-service' })).toContain('ROCKETCHAT_PASSWORD');
    expect(rest.asked('v1/login')).toHaveLength(2);
  });

  it('a second factor and a missing permission are told in one line each', async () => {
    const account = await start();
    rest.permissions.clear();
    const list = { method: 'GET', path: 'v1/users.list' } as const;
    const forbidden = (await faultOf(account.call(list))) as RocketChatFault;
    rest.twoFactor = true;
    rest.expireTokens();
    const second = (await faultOf(account.call(PRESENCE))) as RocketChatFault;
    const advice = [forbidden, second].map((fault) => adviceOn(fault, { url: rest.url, username: 'presence-service' }));
    expect(advice).toEqual([
      expect.stringContaining('needs the role admin'),
      expect.stringContaining('two-factor authentication off'),
    ]);
    for (const line of advice) expect(line).not.toMatch(/\n/);
  });

  it('makes no more calls than it may, and loses none', async () => {
    const limits = { 'v1/users.presence': QUICK };
    const account = await start({ limits }, new CallBudget(limits));
    await Promise.all(Array.from({ length: 10 }, () => account.call(PRESENCE)));
    expect(rest.asked('v1/users.presence').map(({ status }) => status)).toEqual(Array<number>(10).fill(200));
  });

  it('goes by the limit that Rocket.Chat tells, where its administrator has raised it', async () => {
    const account = await start({ limits: { 'v1/users.presence': { calls: 1000, perMs: 60_000 } } });
    await Promise.all(Array.from({ length: 50 }, () => account.call(PRESENCE)));
    expect(rest.asked('v1/users.presence')).toHaveLength(50);
  });

  it('obeys a 429 that it did not expect, and then goes on in order', async () => {
    const account = await start(
      { limits: { 'v1/users.presence': QUICK } },
      new CallBudget({ 'v1/users.presence': { calls: 100, perMs: 10 } }),
    );
    await Promise.all(Array.from({ length: 8 }, () => account.call(PRESENCE)));
    const statuses = rest.asked('v1/users.presence').map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(8);
    expect(statuses).toContain(429);
  });

  it.each([
    [502, undefined, 'AWAY'],
    [200, 'Welcome to nginx', 'NOT_ROCKETCHAT'],
    [200, '[]', 'NOT_ROCKETCHAT'],
    [400, '{"success":false,"errorType":"error-invalid-user"}', 'REFUSED'],
  ])('an answer of %d %s is a fault: %s', async (status, body, code) => {
    const account = await start();
    rest.fault = () => ({ status, body });
    expect(await faultOf(account.era())).toMatchObject({ code });
  });

  it('a Rocket.Chat that is away is told so, and found again', async () => {
    const account = await start();
    await rest.away();
    expect(await faultOf(account.call(PRESENCE))).toMatchObject({ code: 'AWAY', isPassing: true });
    await rest.up();
    await expect(account.call(PRESENCE)).resolves.toMatchObject({ success: true });
  });

  it('does not carry its credentials to where it is pointed', async () => {
    const account = await start();
    const [port, seen] = [await freePort(), [] as string[]];
    const elsewhere = http.createServer((req, res) => {
      seen.push(req.url!);
      res.writeHead(307, { location: `${rest.url}/api/v1/login` }).end();
    });
    await listen(elsewhere, { variable: 'PORT', port, host: '127.0.0.1' });
    try {
      const astray = new ServiceAccount({ url: `http://127.0.0.1:${port}`, ...rest.account });
      expect(await faultOf(astray.call(PRESENCE))).toMatchObject({ code: 'AWAY' });
      expect(seen).toEqual(['/api/v1/login']);
      expect(rest.requests).toEqual([]);
    } finally {
      await close(elsewhere);
    }
    await account.userId();
  });

  it('no fault shows the password', async () => {
    const account = await start({ password: 'correct-horse-battery' });
    rest.twoFactor = true;
    const faults = [await faultOf(account.userId())];
    rest.fault = () => ({ status: 400, body: '{"success":false,"message":"no"}' });
    faults.push(await faultOf(account.userId()));
    for (const fault of faults) {
      const { message, stack, details } = fault as RocketChatFault;
      expect(JSON.stringify([message, stack, details])).not.toContain('correct-horse');
    }
  });
});
