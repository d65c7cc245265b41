import type { PresenceView } from '../../../domain/view';
import { BusFixture } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { byUid, type Picture } from '../../helpers/picture';
import { startRocketChatNode, type RocketChatNode } from '../../helpers/rocket-chat-node';
import { READ_TOKEN, SocketUser, TOKENS } from '../../helpers/socket-client';

const CORE = 'core-1';
const CUTS = process.env.FULL_LENGTH ? 500 : 40;
const UIDS = Array.from({ length: 12 }, (_, i) => `u${i}`);
const STATUSES = ['online', 'busy', 'away', 'offline'];
/** Frames that a connection lives for at most, and that are sent to others before the next one. */
const LIVES_FOR = 4;

/** The revisions known of each user, by position. */
type History = Map<string, string>;

/** Connections are cut at any moment of a stream of changes; each client goes on from its last position. */
describe('a WebSocket whose connection breaks', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  let ports: number[];

  beforeAll(async () => {
    bus = await BusFixture.start();
    ports = [await freePort(), await freePort()];
    for (const [i, port] of ports.entries()) {
      await bus.replica({ nodeID: `presence-${i + 1}`, env: { PORT: String(port), API_TOKENS: TOKENS } });
    }
    core = await startRocketChatNode(bus.nats.url, CORE, [], { patient: true });
    await core.broker.waitForServices(['presence'], 10_000, 20);
    await Promise.all(UIDS.map((uid) => core.call('newConnection', uid, `${uid}/1`, CORE)));
  });
  afterAll(async () => {
    await core.stop();
    await bus.stop();
  });

  /** Changes of random users, three at a time, until told to stop. */
  async function write(isOver: () => boolean): Promise<void> {
    let calls = 0;
    const writer = async () => {
      for (; !isOver(); calls++) await core.call('setStatus', anyOf(UIDS), anyOf(STATUSES), `text ${calls}`);
    };
    await Promise.all([writer(), writer(), writer()]);
  }

  async function truth(whom: 'all' | readonly string[]): Promise<unknown[]> {
    const views = await core.call<PresenceView[]>('getMany', whom === 'all' ? UIDS : whom);
    const shown = JSON.parse(JSON.stringify(views)) as PresenceView[];
    return shown.filter(({ status }) => whom !== 'all' || status !== 'offline').sort(byUid);
  }

  const known = (whom: 'all' | readonly string[], picture: Picture) =>
    whom === 'all' ? picture.present() : [...picture.users.values()].sort(byUid);

  test.each<[string, 'all' | readonly string[], number]>([
    ['everybody', 'all', 0],
    ['some', UIDS.slice(0, 5), 0],
    ['everybody, at another replica than the one that is called', 'all', 1],
  ])('loses nothing of %s', async (_what, whom, at) => {
    const port = ports[at]!;
    const seen = { resumed: 0, missed: 0 };
    const ofWitness: History = new Map();
    const ofUser: History = new Map();
    const subscribed = async (history: History, picture?: Picture) => {
      const user = await SocketUser.open(port, { token: READ_TOKEN }, picture);
      user.socket.on('message', () => note(history, user.picture));
      user.subscribe(whom, picture !== undefined);
      return user;
    };
    const witness = await subscribed(ofWitness);
    let user = await subscribed(ofUser);
    for (const one of [user, witness]) await one.answered();
    let isOver = false;
    const writing = write(() => isOver);
    try {
      for (let cut = 0; cut < CUTS; cut++) {
        await heardMore(user);
        const { picture } = user;
        user.cut();
        const since = picture.position;
        await heardMore(witness);
        user = await subscribed(ofUser, picture);
        const { op, seq, missed = 0 } = await user.answered();
        // Begins anew only where the node could not follow its database for a moment, on a machine that is very busy.
        if (op === 'resumed') seen.resumed += 1;
        else if (since !== undefined) expect(epochOf(seq)).not.toBe(epochOf(since));
        seen.missed += missed;
      }
    } finally {
      isOver = true;
      await writing;
    }
    for (const { picture } of [user, witness]) {
      await eventually(async () => expect(known(whom, picture)).toEqual(await truth(whom)));
    }
    expect([user.fault, witness.fault]).toEqual([undefined, undefined]);
    // At each position that it had, it knew what one knew who was never cut off.
    const positions = [...ofUser.keys()];
    expect(positions.length).toBeGreaterThan(CUTS);
    expect(positions.map((at) => [at, ofUser.get(at)])).toEqual(positions.map((at) => [at, ofWitness.get(at)]));
    // There was something to lose.
    expect(seen.resumed).toBeGreaterThan(CUTS / 2);
    expect(seen.missed).toBeGreaterThan(0);
    for (const one of [user, witness]) one.cut();
  });
});

function note(history: History, { position, isComplete, users }: Picture): void {
  const revisions = [...users.values()].sort(byUid).map(({ uid, rev }) => `${uid}:${rev}`);
  if (position !== undefined && isComplete) history.set(position, revisions.join());
}

/** Waits until it has heard a few frames more, or none. */
function heardMore({ frames }: SocketUser): Promise<void> {
  const enough = frames.length + Math.floor(Math.random() * LIVES_FOR);
  return eventually(() => expect(frames.length).toBeGreaterThanOrEqual(enough));
}

function epochOf(position: string | undefined): string | undefined {
  return position?.split('.', 1)[0];
}

function anyOf<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)]!;
}
