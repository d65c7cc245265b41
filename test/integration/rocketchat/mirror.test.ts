import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PresenceView } from '../../../domain/view';
import type { HistoryRow } from '../../../domain/history';
import { eventually } from '../../helpers/eventually';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { startReplica, type Replica } from '../../helpers/replica';
import { seeded } from '../../helpers/random-frames';
import { RocketChatRest, type RestUser } from '../../helpers/rocketchat-rest';

const GENEROUS = { defaultLimit: { calls: 1_000_000, perMs: 60_000 }, limits: {} };
const SYNC_INTERVAL = 300;
/** Beyond the interval: for the machine. */
const PATIENT = { timeoutMs: 10_000 };

/** A database of this service's own, and a Rocket.Chat that is known by its REST API alone. */
describe.each(['embedded', 'MongoDB'])('presence here (%s) and in Rocket.Chat', (kind) => {
  let server: MongoServer | undefined;
  let database: ReturnType<typeof freshDatabase> | undefined;
  let rest: RocketChatRest;
  let replica: Replica;
  let folder: string;

  beforeAll(async () => {
    server = kind === 'MongoDB' ? await startMongo() : undefined;
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    database = server && freshDatabase(server);
    folder = await mkdtemp(path.join(tmpdir(), 'presence-mirror-'));
    rest = await RocketChatRest.start(GENEROUS);
    replica = await start();
  });
  afterEach(async () => {
    await replica.stop();
    await rest.away();
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (env: Record<string, string> = {}) =>
    startReplica({
      nodeID: 'presence-1',
      mongoUrl: database?.url,
      env: { DATA_DIR: folder, SYNC_INTERVAL: `${SYNC_INTERVAL}`, HISTORY_RETENTION_DAYS: '1', ...rest.env, ...env },
    });
  const call = <T = unknown>(action: string, ...args: unknown[]) => replica.broker.call<T, unknown[]>(action, args);
  const get = (uid: string) => call<PresenceView>('presence.get', uid);
  const shows = (uid: string, view: object) =>
    eventually(async () => expect(await get(uid)).toMatchObject(view), PATIENT);
  const showsThere = (uid: string, user: object) =>
    eventually(() => expect(rest.users.get(uid)).toMatchObject(user), PATIENT);
  const put = (uid: string, user: Partial<RestUser> = {}) =>
    rest.put({ _id: uid, username: `name of ${uid}`, status: 'online', ...user });
  const mirror = async () =>
    (
      await replica.broker.call<{ mirror?: { comparedAt?: Date; connected: number; untold: number } }>(
        'rocketchat.status',
      )
    ).mirror;
  const compared = async () => {
    const before = Date.now();
    await eventually(async () => expect((await mirror())?.comparedAt?.getTime()).toBeGreaterThan(before), PATIENT);
  };

  it('what users do there is done here', async () => {
    put('ann');
    put('bob', { status: 'away' });
    const statusExpiresAt = new Date(Date.now() + 3_600_000);
    put('cleo', { status: 'busy', statusText: 'in a meeting', statusSource: 'manual', statusExpiresAt });
    await shows('ann', { status: 'online', username: 'name of ann' });
    await shows('bob', { status: 'away', statusConnection: 'away' });
    await shows('cleo', { status: 'busy', statusText: 'in a meeting', statusExpiresAt });
    rest.change('ann', { status: 'away' });
    rest.change('bob', { status: 'offline' });
    rest.change('cleo', { status: 'online', statusText: '', statusSource: undefined, statusExpiresAt: undefined });
    await shows('ann', { status: 'away' });
    await shows('bob', { status: 'offline' });
    await shows('cleo', { status: 'online' });
    expect((await get('cleo')).statusText).toBeFalsy();
    const { changes } = await replica.broker.call<{ changes: HistoryRow[] }, object>('history.list', { uid: 'cleo' });
    expect(changes.map(({ from, to }) => [from, to])).toContainEqual(['busy', 'online']);
    expect(rest.asked('v1/users.setStatus')).toEqual([]);
  });

  it('what is said here is said there, and its end too', async () => {
    put('ann');
    await shows('ann', { status: 'online' });
    const expiresAt = new Date(Date.now() + 3_600_000);
    await call('presence.setStatus', 'ann', 'busy', 'in a meeting', expiresAt);
    await showsThere('ann', { status: 'busy', statusText: 'in a meeting', statusExpiresAt: expiresAt });
    await call('presence.setStatus', 'ann', 'online', '');
    await showsThere('ann', { status: 'online', statusText: '' });
    const before = rest.asked('v1/users.setStatus').length;
    await compared();
    await compared();
    expect(rest.asked('v1/users.setStatus')).toHaveLength(before);
    await shows('ann', { status: 'online' });
  });

  it('a claim that ends here, and what waited behind it, is told there', async () => {
    put('ann');
    await shows('ann', { status: 'online' });
    await call('presence.setActiveState', 'ann', {
      statusDefault: 'away',
      statusSource: 'external',
      statusText: 'out',
    });
    const ends = new Date(Date.now() + 3_000);
    const claim = { statusDefault: 'busy', statusSource: 'internal', statusId: 'call-1', statusExpiresAt: ends };
    await call('presence.setActiveState', 'ann', { ...claim, statusText: 'in a call' });
    await showsThere('ann', { status: 'busy', statusText: 'in a call' });
    await showsThere('ann', { status: 'away', statusText: 'out' });
    await compared();
    await shows('ann', { status: 'away', statusText: 'out' });
  });

  it('of who says different things on both sides the newer holds', async () => {
    put('ann');
    put('bob');
    for (const uid of ['ann', 'bob']) await shows(uid, { status: 'online' });
    await call('presence.setStatus', 'ann', 'busy', 'here');
    await showsThere('ann', { statusText: 'here' });
    rest.change('ann', { status: 'away', statusText: 'there', statusSource: 'manual' });
    await shows('ann', { status: 'away', statusText: 'there' });
    rest.change('bob', { status: 'busy', statusText: 'there' });
    await shows('bob', { statusText: 'there' });
    await call('presence.setStatus', 'bob', 'away', 'here');
    await showsThere('bob', { status: 'away', statusText: 'here' });
    await compared();
    await compared();
    await shows('ann', { status: 'away', statusText: 'there' });
    await shows('bob', { status: 'away', statusText: 'here' });
    expect(rest.users.get('ann')).toMatchObject({ status: 'away', statusText: 'there' });
    expect(rest.users.get('bob')).toMatchObject({ status: 'away', statusText: 'here' });
  });

  it('what Rocket.Chat will not take stays as it is here, and is asked for once', async () => {
    put('ann');
    await shows('ann', { status: 'online' });
    rest.settings.set('Accounts_AllowInvisibleStatusOption', false);
    await call('presence.setStatus', 'ann', 'offline');
    await eventually(() => expect(rest.asked('v1/users.setStatus')).toHaveLength(1), PATIENT);
    await compared();
    await compared();
    expect(rest.asked('v1/users.setStatus')).toHaveLength(1);
    await shows('ann', { status: 'offline' });
    expect((await mirror())?.untold).toBe(0);
    await call('presence.setStatus', 'ann', 'busy');
    await showsThere('ann', { status: 'busy' });
  });

  it('an answer of nobody is no news where the broadcast is switched off, and everybody’s leaving is', async () => {
    put('ann');
    await shows('ann', { status: 'online' });
    rest.settings.set('Presence_broadcast_disabled', true);
    const before = rest.asked('v1/users.presence').length;
    await eventually(() => expect(rest.asked('v1/users.presence').length).toBeGreaterThan(before + 6), PATIENT);
    await shows('ann', { status: 'online' });
    rest.change('ann', { status: 'offline' });
    rest.settings.set('Presence_broadcast_disabled', false);
    await shows('ann', { status: 'offline' });
  });

  it('what happened on both sides while this service was away is made up for', async () => {
    put('ann', { status: 'busy', statusText: 'before' });
    put('bob');
    put('cleo');
    await shows('ann', { statusText: 'before' });
    for (const uid of ['bob', 'cleo']) await shows(uid, { status: 'online' });
    rest.fault = (address) => (address === 'v1/users.setStatus' ? { status: 503 } : undefined);
    await call('presence.setStatus', 'bob', 'busy', 'said here');
    await replica.stop();
    rest.change('ann', { status: 'online', statusText: 'after' });
    rest.change('cleo', { status: 'offline' });
    rest.fault = () => undefined;
    replica = await start();
    await showsThere('bob', { status: 'busy', statusText: 'said here' });
    await shows('ann', { status: 'online', statusText: 'after' });
    await shows('cleo', { status: 'offline' });
    await shows('bob', { status: 'busy', statusText: 'said here' });
    // Without an account nobody would end these connections any more.
    await replica.stop();
    replica = await start({ ROCKETCHAT_USERNAME: '', ROCKETCHAT_PASSWORD: '' });
    await shows('ann', { status: 'offline' });
  });

  it('an observer beside it follows, and sets nothing by itself', async () => {
    await replica.stop();
    replica = await start({ PRESENCE_ROLE: 'observer' });
    put('ann');
    await shows('ann', { status: 'online' });
    await call('presence.setStatus', 'ann', 'busy', 'by the account');
    expect(rest.users.get('ann')).toMatchObject({ status: 'busy', statusText: 'by the account' });
    await shows('ann', { status: 'busy', statusText: 'by the account' });
    await compared();
    expect(rest.asked('v1/users.setStatus')).toHaveLength(1);
  });

  it('whatever is said on either side, in the end both say the same', async () => {
    const below = seeded(7);
    const oneOf = <T>(choices: readonly T[]) => choices[below(choices.length)]!;
    const uids = Array.from({ length: 12 }, (_, i) => `r${i}`);
    for (const uid of uids) put(uid);
    await shows('r11', { status: 'online' });
    for (let step = 0; step < 300; step++) {
      const [uid, status] = [oneOf(uids), oneOf(['online', 'away', 'busy'] as const)];
      const text = oneOf(['', 'a', 'b', 'c']);
      const statusSource = status === 'online' && text === '' ? undefined : 'manual';
      if (below(2) === 0) await call('presence.setStatus', uid, status, text);
      else
        rest.change(uid, { status, statusDefault: status, statusText: text, statusSource, statusExpiresAt: undefined });
      if (step % 20 === 0) await compared();
    }
    const both = async () => {
      const views = await call<PresenceView[]>('presence.getMany', uids);
      return views.map(({ uid, status, statusText = '' }) => {
        const there = rest.users.get(uid)!;
        return { uid, here: `${status} ${statusText}`, there: `${there.status} ${there.statusText ?? ''}` };
      });
    };
    await eventually(async () => {
      expect((await mirror())?.untold).toBe(0);
      for (const { here, there } of await both()) expect(here).toBe(there);
    }, PATIENT);
    await compared();
    await compared();
    for (const { here, there } of await both()) expect(here).toBe(there);
  }, 180_000);
});
