import { eventually } from '../helpers/eventually';
import { BusFixture } from '../helpers/bus-fixture';
import { freshDatabase, startMongo, type MongoServer } from '../helpers/mongo-server';
import { work } from '../helpers/presence-builders';
import type { Replica } from '../helpers/replica';
import type { RocketChatNode } from '../helpers/rocket-chat-node';

/* Calls of one caller on one session that are sent without waiting, each to another replica, in the order sent. */

const REPLICAS = ['presence-a', 'presence-b'] as const;
const [A, B] = REPLICAS;
const USERS = 40;
const uidsOf = (round: string) => Array.from({ length: USERS }, (_, n) => `${round}-${n}`);

describe.each(['mongo', 'embedded'])('a removal that overtakes a login (%s)', (kind) => {
  let server: MongoServer | undefined;
  let database: ReturnType<typeof freshDatabase> | undefined;
  let bus: BusFixture;
  let core: RocketChatNode;
  let keeper: Replica;

  beforeAll(async () => {
    server = kind === 'mongo' ? await startMongo() : undefined;
    database = server && freshDatabase(server);
    bus = await BusFixture.start();
    const env = { SYNC_INTERVAL: '86400000', HEARTBEAT_TIMEOUT: '60' };
    const start = (nodeID: string) => bus.replica({ nodeID, mongoUrl: database?.url, env });
    keeper = await start(A);
    await start(B);
    core = await bus.rocketChat('core-1');
  });
  afterAll(async () => {
    await bus.stop();
    await database?.drop();
    await server?.stop();
  });

  const login = (at: string, uid: string) => core.callAt(at, 'newConnection', uid, `${uid}/s`, 'core-1');
  const logout = (at: string, uid: string) => core.callAt(at, 'removeConnection', uid, `${uid}/s`);
  const beat = (at: string, uid: string) => core.callAt(at, 'updateConnection', uid, `${uid}/s`);
  const sessionsOf = async (uids: readonly string[]) => {
    const states = await keeper.store.applySessions(
      uids.map((uid) => work(uid)),
      Date.now(),
    );
    return states.flatMap(({ uid, sessions }) => (sessions.length > 0 ? [uid] : []));
  };
  const onlineOf = async (uids: readonly string[]) => {
    const users = await keeper.store.usersOf(uids);
    return uids.filter((uid) => users.get(uid)?.status === 'online');
  };
  const expectOffline = async (uids: readonly string[]) => {
    expect(await sessionsOf(uids)).toEqual([]);
    expect(await onlineOf(uids)).toEqual([]);
  };

  it.each([
    [A, B],
    [B, A],
  ])('login at %s and logout at %s end offline', async (first, second) => {
    const uids = uidsOf(`pair-${first}`);
    await Promise.all(uids.flatMap((uid) => [login(first, uid), logout(second, uid)]));
    await expectOffline(uids);
  });

  it.each([
    [A, B],
    [B, A],
  ])('also where the same sessions come and go again, and where the logout is sent twice', async (first, second) => {
    const uids = uidsOf(`rounds-${first}`);
    for (let round = 0; round < 3; round++) {
      await Promise.all(uids.flatMap((uid) => [login(first, uid), logout(second, uid)]));
      await expectOffline(uids);
      await Promise.all(uids.flatMap((uid) => [login(first, uid), logout(second, uid), logout(first, uid)]));
      await expectOffline(uids);
    }
  });

  it('a heartbeat that a logout overtakes brings nobody back, and a later one does', async () => {
    const uids = uidsOf('beat');
    await Promise.all(uids.map((uid) => login(A, uid)));
    await Promise.all(uids.flatMap((uid) => [beat(B, uid), logout(A, uid)]));
    await expectOffline(uids);
    await Promise.all(uids.map((uid) => beat(B, uid)));
    expect(await onlineOf(uids)).toEqual(uids);
  });

  it('awaited, each login counts: after a logout, after two, and after one of nobody', async () => {
    const uids = uidsOf('awaited');
    const forAll = (call: (uid: string) => Promise<unknown>) => Promise.all(uids.map(call));
    await forAll((uid) => logout(B, uid));
    await forAll((uid) => login(A, uid));
    expect(await onlineOf(uids)).toEqual(uids);
    await forAll((uid) => logout(B, uid));
    await forAll((uid) => login(A, uid));
    expect(await onlineOf(uids)).toEqual(uids);
    for (const at of REPLICAS) await forAll((uid) => logout(at, uid));
    await forAll((uid) => login(B, uid));
    expect(await onlineOf(uids)).toEqual(uids);
  });

  it('at one replica the order of the calls is that in which they came', async () => {
    for (const at of REPLICAS) {
      const uids = uidsOf(`one-${at}`);
      await Promise.all(uids.flatMap((uid) => [login(at, uid), logout(at, uid), logout(at, uid), login(at, uid)]));
      expect(await onlineOf(uids)).toEqual(uids);
    }
  });

  it('tells of nobody who was never seen online', async () => {
    await eventually(() => expect(core.statuses.length).toBeGreaterThan(0));
    const before = core.statuses.length;
    await Promise.all(uidsOf('unknown').map((uid) => logout(A, uid)));
    expect(await keeper.store.usersOf(uidsOf('unknown'))).toEqual(new Map());
    expect(core.statuses.length).toBe(before);
  });
});
