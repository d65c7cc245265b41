import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../helpers/eventually';
import { halfDone, storedIn } from '../helpers/chaos-oracle';
import { withDb } from '../helpers/mongo-server';
import { describeFigures, type ProcessFigures } from '../helpers/process-figures';
import { HostileClients } from './hostile-clients';
import { People } from './people';
import { LEASE_S, SoakWorld } from './soak-world';
import { STREAMER_UIDS, Troubles } from './troubles';
import { Viewers } from './viewers';

/*
 * A long time of everything at once: people who come and go, WebSocket clients that subscribe anew and break off, hostile
 * and broken clients, NATS, MongoDB and Redis killed at random, nodes that die with their clients. At its end each
 * process holds what it held near the beginning, and every person is shown as what was answered about them.
 */

const MINUTE = 60_000;
const MINUTES = Number(process.env.SOAK_MINUTES || 60);
/** Caches and lists are full by then; what grows afterwards grows for ever. */
const WARM_UP_MS = Math.min(5, MINUTES / 4) * MINUTE;
const PEOPLE = 200;
const VIEWERS = 20;
const HOSTILE = 6;
/** Longer than a node waits for a late request or an idle connection, and than a lost node keeps its sessions. */
const CALMS_WITHIN = { timeoutMs: 3 * MINUTE };
const GONE_WITHIN = { timeoutMs: (LEASE_S + 180) * 1000 };
const LEEWAY = 0.1;
/** A handful of one kind is no leak: a timer that is just running, a connection of a pool. */
const LEEWAY_COUNT = 4;

let world: SoakWorld;
let people: People;
let viewers: Viewers;
let hostile: HostileClients;
let troubles: Troubles;

beforeAll(async () => {
  world = await SoakWorld.start();
  people = new People(world.core, PEOPLE);
  viewers = new Viewers(
    world.replicas,
    people.all.map(({ uid }) => uid),
    VIEWERS,
  );
  hostile = new HostileClients(world, HOSTILE);
  troubles = new Troubles(world);
}, 2 * MINUTE);
afterAll(async () => {
  viewers?.leave();
  await world?.stop();
}, MINUTE);

const figures = () => Promise.all(world.replicas.map(({ probe }) => probe.figures()));
const say = (text: string) => process.stdout.write(`${text}\n`);

async function live(ms: number): Promise<void> {
  people.start();
  viewers.start();
  hostile.start();
  troubles.start();
  const endsAt = performance.now() + ms;
  while (performance.now() < endsAt) {
    await pause(Math.min(MINUTE, endsAt - performance.now()));
    await report();
  }
  await troubles.stop();
  await hostile.stop();
  await people.pause();
}

async function report(): Promise<void> {
  const now = await figures();
  const each = now.map(({ descriptors, heapBytes, rssBytes, resources, loop }, i) => {
    const megabytes = [heapBytes, rssBytes].map((bytes) => Math.round(bytes / 1024 / 1024)).join('/');
    const delay = loop.maxMs.toFixed(0);
    return `${world.replicas[i]!.id}: ${descriptors} fds, ${megabytes} MB, ${resources.Timeout ?? 0} timers, loop ${delay} ms`;
  });
  const made = [...troubles.made].map(([name, count]) => `${name} ${count}`).join(', ');
  const failed = [...people.failed].map(([type, count]) => `${type} ${count}`).join(', ');
  say(
    [
      new Date().toISOString(),
      `${people.answered} calls answered (${failed || 'none failed'})`,
      `${viewers.opened} viewers`,
      `${hostile.made} attacks`,
      made,
      ...each,
    ].join(' · '),
  );
}

/** Nothing goes on but what is settled: each viewer connected, nobody calling. @returns what each replica then holds */
async function calm(): Promise<ProcessFigures[]> {
  await world.healthy();
  await people.settle();
  await viewers.settle();
  await eventually(async () => {
    const before = await figures();
    await pause(5_000);
    const after = await figures();
    // Connections of attackers end by themselves within 15 s: then the number no longer falls.
    expect(after.map(({ descriptors }) => descriptors)).toEqual(before.map(({ descriptors }) => descriptors));
  }, CALMS_WITHIN);
  return figures();
}

/** What has grown, or shrunk, by more than the leeway. */
function drift(before: ProcessFigures, after: ProcessFigures): string[] {
  const of = (name: string, was: number, is: number, least: number) =>
    Math.abs(is - was) > Math.max(was * LEEWAY, least) ? [`${name}: ${was} → ${is}`] : [];
  return [
    ...of('descriptors', before.descriptors, after.descriptors, LEEWAY_COUNT),
    ...of('timers', before.resources.Timeout ?? 0, after.resources.Timeout ?? 0, LEEWAY_COUNT),
    ...of('listeners', before.listeners, after.listeners, 0),
    ...of('heap bytes', before.heapBytes, after.heapBytes, 0),
  ];
}

it(
  `hold what they held, and show every person as they are, after ${MINUTES} minutes of everything at once`,
  async () => {
    await live(WARM_UP_MS);
    const early = await calm();
    await live(MINUTES * MINUTE - WARM_UP_MS);
    const late = await calm();
    world.replicas.forEach(({ id }, i) => say(describeFigures(`${id} early → late`, early[i]!, late[i]!)));

    expect(people.faults).toEqual([]);
    expect(viewers.faults).toEqual([]);
    expect(troubles.faults).toEqual([]);
    const expected = people.expected();
    await viewers.know(expected);
    await eventually(async () => {
      const stored = await withDb(world.databaseUrl, storedIn);
      expect(halfDone(stored)).toEqual([]);
      const shown = Object.keys(expected).map((uid) => [uid, stored.users.get(uid)?.status ?? 'offline']);
      expect(Object.fromEntries(shown)).toEqual(expected);
    }, CALMS_WITHIN);
    expect(world.replicas.map(({ id }, i) => [id, drift(early[i]!, late[i]!)])).toEqual(
      world.replicas.map(({ id }) => [id, []]),
    );
    // Everybody of a killed node is gone.
    await eventually(async () => {
      const { users } = await withDb(world.databaseUrl, storedIn);
      expect(STREAMER_UIDS.filter((uid) => (users.get(uid)?.status ?? 'offline') !== 'offline')).toEqual([]);
    }, GONE_WITHIN);
  },
  MINUTES * MINUTE + 35 * MINUTE,
);
