import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Explanation } from '../../../domain/explain';
import { BusFixture, shown } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const PATIENT = { timeoutMs: 20_000 };
const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`);
/** From one end to the next. */
const APART_MS = 200;
/** So that all claims are there before the first ends. */
const FIRST_AFTER_MS = 3_000;

/** A claim ends by itself, once, whatever the number of replicas, on either store. */
describe('the end of a claim', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  const folders: string[] = [];

  beforeEach(async () => {
    bus = await BusFixture.start();
    core = await bus.rocketChat('core-1', [], []);
  });
  afterEach(async () => {
    await bus.stop();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** Everybody is online and busy until a time of his own. @returns these times, epoch milliseconds */
  async function busyUntil(): Promise<ReadonlyMap<string, number>> {
    await core.broker.waitForServices('presence', 10_000, 20);
    await Promise.all(USERS.map((uid) => core.call('newConnection', uid, `${uid}/s`, 'core-1')));
    const first = Date.now() + FIRST_AFTER_MS;
    const ends = USERS.map((uid, i) => [uid, first + i * APART_MS] as const);
    await Promise.all(ends.map(([uid, endMs]) => core.call('setStatus', uid, 'busy', 'in a meeting', new Date(endMs))));
    return new Map(ends);
  }

  /** @returns when each was told to be online again, epoch milliseconds */
  async function freeAgain(uids: readonly string[]): Promise<number[]> {
    return Promise.all(
      uids.map(async (uid) => {
        await eventually(() => expect(shown(core, uid).slice(2)).not.toEqual([]), PATIENT);
        return Date.now();
      }),
    );
  }

  async function everyEndWasToldOnce(): Promise<void> {
    for (const uid of USERS) {
      expect(shown(core, uid)).toEqual(['online', 'busy', 'online']);
      const { lastChange, rev } = await core.call<Explanation>('explain', uid);
      expect({ cause: lastChange?.cause, rev }).toEqual({ cause: 'expiry', rev: 3 });
    }
  }

  test('is told once by three replicas, never before its time', async () => {
    for (const nodeID of ['presence-a', 'presence-b', 'presence-c']) await bus.replica({ nodeID });
    const ends = await busyUntil();
    const told = await freeAgain(USERS);
    const lateMs = told.map((atMs, i) => atMs - ends.get(USERS[i]!)!);
    process.stderr.write(`claims ended ${Math.min(...lateMs)} to ${Math.max(...lateMs)} ms late\n`);
    expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0);
    await everyEndWasToldOnce();
  });

  test('that comes while no replica runs is told once when one is there again, and those after it in time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'presence-expiry-'));
    folders.push(folder);
    const before = await bus.replica({ nodeID: 'presence-before', env: { DATA_DIR: folder } });
    const ends = await busyUntil();
    await bus.leave(before);
    const half = ends.get(USERS[USERS.length / 2]!)!;
    await eventually(() => expect(Date.now()).toBeGreaterThan(half), PATIENT);
    expect(USERS.flatMap((uid) => shown(core, uid).slice(2))).toEqual([]);
    await bus.replica({ nodeID: 'presence-after', env: { DATA_DIR: folder } });
    const told = await freeAgain(USERS);
    expect(told.filter((atMs, i) => atMs < ends.get(USERS[i]!)!)).toEqual([]);
    await everyEndWasToldOnce();
  });
});
