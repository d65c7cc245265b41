import fc from 'fast-check';
import type { SocketClient } from '../../../lib/socket/socket-client';
import { viewOf } from '../../../domain/view';
import { FakeUsers, FakeWire } from '../../helpers/feed-fixture';
import { byUid, isPresent, type SeenUser } from '../../helpers/picture';
import { SocketWorld } from '../../helpers/socket-world';
import { runs } from '../../helpers/property-runs';

const { numRuns: RUNS = 0 } = runs(process.env.FULL_LENGTH ? 5_000 : 300);
const UIDS = ['a', 'b', 'c', 'd', 'e', 'f'];
/** So that two frames that wait are too many. */
const FRAME_BYTES = 600_000;
const WHOM = ['all', ['a', 'b'], ['b', 'f', 'nobody']] as const;

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      uid: fc.constantFrom(...UIDS),
      status: fc.constantFrom('online' as const, 'busy' as const, 'offline' as const),
      markAfter: fc.nat(120),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(150) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delays' as const), before: fc.nat(40), after: fc.nat(40) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('away' as const), isAway: fc.constantFrom(true, false, false) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('missed' as const), uid: fc.constantFrom(...UIDS) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('stuck' as const),
      client: fc.nat(9),
      isStuck: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('join' as const), whom: fc.constantFrom(...WHOM) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('back' as const), client: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('again' as const), client: fc.nat(9), whom: fc.constantFrom(...WHOM) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mark' as const), uid: fc.constantFrom(...UIDS) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Client {
  whom: (typeof WHOM)[number];
  wire: FakeWire;
  client: SocketClient;
}

/** A world through whatever steps come. */
class World extends SocketWorld {
  readonly all: Client[] = [];
  private asked = 0;

  async run(steps: readonly Step[]): Promise<void> {
    for (const whom of WHOM) this.join(whom);
    for (const one of steps) await this.take(one);
    this.users.isAway = false;
    for (const { wire } of this.all) wire.drain();
    await jest.advanceTimersByTimeAsync(3_000);
    for (const { wire } of this.all) wire.drain();
    await jest.advanceTimersByTimeAsync(3_000);
  }

  private async take(one: Step): Promise<void> {
    const at = 'client' in one ? this.all[one.client % Math.max(1, this.all.length)] : undefined;
    switch (one.kind) {
      case 'write':
        this.users.write(one.uid, { status: one.status });
        setTimeout(() => this.feed.mark([one.uid]), one.markAfter);
        return;
      case 'wait':
        return void (await jest.advanceTimersByTimeAsync(one.ms));
      case 'delays':
        this.users.delays = [one.before, one.after];
        return;
      case 'away':
        this.users.isAway = one.isAway;
        return;
      case 'missed':
        this.users.write(one.uid, { status: 'away' });
        return this.feed.lost();
      case 'mark':
        return this.feed.mark([one.uid]);
      case 'join':
        return this.join(one.whom);
      case 'stuck':
        if (one.isStuck && at) at.wire.isStuck = true;
        else at?.wire.drain();
        return;
      case 'back':
        return at && this.comeBack(at);
      case 'again':
        if (at?.whom === one.whom) return this.subscribe(at, at.wire.picture.position);
        return at && this.subscribe(Object.assign(at, { whom: one.whom }));
    }
  }

  private join(whom: Client['whom']): void {
    const wire = new FakeWire(FRAME_BYTES);
    const client = this.connect(wire);
    this.all.push({ whom, wire, client });
    this.subscribe(this.all.at(-1)!);
  }

  /** The connection breaks, and the client goes on from where it was. */
  private comeBack(at: Client): void {
    at.client.end();
    this.clients.delete(at.client);
    const { picture } = at.wire;
    // What waited is lost with the connection.
    at.wire = new FakeWire(FRAME_BYTES, picture);
    at.client = this.connect(at.wire);
    this.subscribe(at, picture.position);
  }

  private subscribe({ client, wire, whom }: Client, since?: string): void {
    const id = `${(this.asked += 1)}`;
    wire.picture.begin(id, since);
    client.receive(Buffer.from(JSON.stringify({ op: 'subscribe', id, uids: whom, since })), false);
  }
}

/** What a subscriber is to know at the end. */
function truth(users: FakeUsers, whom: Client['whom']): unknown {
  const uids = whom === 'all' ? UIDS : whom;
  const views = uids.map((uid) => JSON.parse(JSON.stringify(viewOf(uid, users.stored.get(uid)))) as SeenUser);
  return views.filter((view) => whom !== 'all' || isPresent(view)).sort(byUid);
}

const known = ({ whom, wire: { picture } }: Client) =>
  whom === 'all' ? picture.present() : [...picture.users.values()].sort(byUid);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('whatever is written, marked, missed, read late, not read or cut off: in the end every picture is the store’s', async () => {
  let [clients, slow] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
      const world = new World();
      try {
        await world.run(steps);
        for (const one of world.all) expect(known(one)).toEqual(truth(world.users, one.whom));
        clients += world.all.length;
        slow += world.slow;
      } finally {
        world.stop();
      }
    }),
    { numRuns: RUNS },
  );
  // The property says nothing where nobody was there to be told.
  expect([clients > RUNS, slow > 5]).toEqual([true, true]);
}, 300_000);
