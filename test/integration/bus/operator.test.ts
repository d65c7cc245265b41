import type { Explanation } from '../../../domain/explain';
import { BusFixture, sees } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { Replica } from '../../helpers/replica';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const CORE = 'core-1';
const MINUTE = 60_000;

/** What operators ask, on either store. Nothing is repaired by itself here: that is for `reconcile` to do. */
describe('actions for operators', () => {
  let bus: BusFixture;
  let replica: Replica;
  let core: RocketChatNode;

  beforeAll(async () => {
    bus = await BusFixture.start();
    replica = await bus.replica({ nodeID: 'presence-1', env: { SYNC_INTERVAL: '86400000' } });
    core = await bus.rocketChat(CORE);
  });
  afterAll(() => bus.stop());

  const explain = (uid: string) => core.call<Explanation>('explain', uid);

  describe('explain', () => {
    it('names the sessions that decide, their instance and why the user last changed', async () => {
      await core.call('newConnection', 'ann', 's1', CORE);
      await core.call('newConnection', 'ann', 's2', CORE);
      await core.call('setConnectionStatus', 'ann', 'away', 's2');
      const said = await explain('ann');
      expect(said).toMatchObject({
        known: true,
        status: 'online',
        decidedBy: 'sessions',
        because: 'of 2 sessions are 1 online, 1 away, and no claim says otherwise',
        agrees: true,
        sessions: [
          { id: 's1', instanceId: CORE, status: 'online', instance: 'up' },
          { id: 's2', instanceId: CORE, status: 'away', instance: 'up' },
        ],
        timers: [],
        lastChange: { cause: 'connection' },
      });
      expect(said.sessions[0]).not.toHaveProperty('leaseLeftMs'); // its instance has sent no heartbeat
    });

    it('names the claim that decides and when it ends', async () => {
      await core.call('newConnection', 'bob', 's-bob', CORE);
      await core.call('setStatus', 'bob', 'busy', 'in a meeting', new Date(Date.now() + 10 * MINUTE));
      const said = await explain('bob');
      expect(said).toMatchObject({
        status: 'busy',
        decidedBy: 'claim',
        claim: { statusDefault: 'busy', statusText: 'in a meeting', statusSource: 'manual' },
        timers: [{ what: 'claim-ends' }],
        lastChange: { cause: 'claim', from: 'online' },
      });
      expect(said.timers[0]!.inMs).toBeGreaterThan(9 * MINUTE);
      expect(said.timers[0]!.inMs).toBeLessThanOrEqual(10 * MINUTE);
    });

    it('says what is left of a lease where the instance sends heartbeats', async () => {
      const beating = await bus.rocketChat('ddp-beating');
      await beating.call('newConnection', 'cleo', 's-cleo', 'ddp-beating');
      await beating.call('updateConnection', 'cleo', 's-cleo');
      const said = await eventually(async () => {
        const now = await explain('cleo'); // heartbeats are noted behind the answer
        expect(now.timers).toMatchObject([{ what: 'lease-ends', session: 's-cleo' }]);
        return now;
      });
      expect(said.sessions[0]!.leaseLeftMs).toBeLessThanOrEqual(150_000);
    });

    it('tells of a node that left, and of instances that are gone or that nobody knows', async () => {
      const leaving = await bus.rocketChat('ddp-leaving');
      await core.call('newConnection', 'dora', 's-dora', 'ddp-leaving');
      await bus.leave(leaving);
      await sees(core, 'dora', 'online', 'offline');
      const said = await explain('dora');
      expect(said).toMatchObject({
        status: 'offline',
        decidedBy: 'no-session',
        because: 'there is no session',
        sessions: [],
        lastChange: { cause: 'node-lost', from: 'online' },
      });
      expect(said.lastChange!.agoMs).toBeLessThan(MINUTE);

      await core.call('newConnection', 'emma', 'e1', 'ddp-leaving');
      await core.call('newConnection', 'emma', 'e2', 'never-there');
      const { sessions } = await explain('emma');
      expect(sessions.map(({ instance }) => instance)).toEqual(['gone', 'unknown']);
    });

    it('answers for somebody of whom nothing is stored', async () => {
      await expect(explain('nobody')).resolves.toEqual({ uid: 'nobody', known: false });
    });
  });

  /** As another writer leaves it: presence that does not follow from the sessions. */
  async function makeWrong(uid: string): Promise<void> {
    const [state] = await replica.store.applySessions([{ uid, commands: [] }], Date.now());
    const before = state!.user!;
    const after = { ...before, status: 'offline' as const, presenceRev: before.presenceRev + 1 };
    const written = await replica.store.writePresence([{ before, after, sessionsRev: state!.sessionsRev }]);
    expect([...written]).toEqual([uid]);
  }

  it('reconcile puts right who is wrong, counts it, tells it and says how far it is', async () => {
    const progress: unknown[] = [];
    const heard = (ctx: { params: [unknown] }) => void progress.push(ctx.params[0]);
    core.broker.createService({
      name: 'ear',
      events: { 'presence.reconcile.progress': { context: true, handler: heard } },
    });
    await core.call('newConnection', 'fred', 's-fred', CORE);
    const catalog = replica.broker.registry.events as { getAllEndpoints(event: string): unknown[] };
    // The replica sends only to those it knows to listen.
    await eventually(() => {
      const listeners = catalog.getAllEndpoints('presence.reconcile.progress');
      expect(listeners).toHaveLength(1);
    });
    await makeWrong('fred');
    await expect(explain('fred')).resolves.toMatchObject({ status: 'offline', agrees: false, due: 'online' });

    const done = await core.call<{ checked: number; repaired: number; tookMs: number }>('reconcile');
    expect(done).toMatchObject({ repaired: 1, tookMs: expect.any(Number) as number });
    expect(done.checked).toBeGreaterThanOrEqual(1);
    await expect(explain('fred')).resolves.toMatchObject({
      status: 'online',
      agrees: true,
      lastChange: { cause: 'reconcile', from: 'offline' },
    });
    const events = await sees(core, 'fred', 'online', 'online');
    expect(events[1]!.previousStatus).toBe('offline');
    await eventually(() =>
      expect(progress).toContainEqual({
        checked: expect.any(Number) as number,
        repaired: expect.any(Number) as number,
        total: expect.any(Number) as number,
      }),
    );
    await expect(core.call('reconcile')).resolves.toMatchObject({ repaired: 0 });
  });
});
