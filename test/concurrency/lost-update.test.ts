import { applyClaim } from '../../domain/claims';
import type { Command } from '../../domain/commands';
import { decide, shownOf } from '../../domain/presence';
import { applySessionCommand, type SessionCommand } from '../../domain/sessions';
import type { ClaimState, Session } from '../../domain/types';
import type { PresenceChange } from '../../domain/presence';
import { PresenceEngine } from '../../lib/desk/engine';
import { MongoStore } from '../../lib/store/mongo/mongo-store';
import type { PresenceStore } from '../../lib/store/port';
import { claim, recompute, session } from '../helpers/engine-fixture';
import { holdTrips, inEveryOrder } from '../helpers/interleavings';
import { findMongoProgram } from '../helpers/mongo-program';
import { freshDatabase, ownsMongo, startMongo, type MongoServer } from '../helpers/mongo-server';
import { away, connect, disconnect, heartbeat, NOW, REFRESH_AFTER_MS, work } from '../helpers/presence-builders';

type Asked = (uid: string) => Command;

/** What two replicas are asked at once; a session's id belongs to one user alone. */
interface Race {
  readonly name: string;
  readonly before: readonly Asked[];
  readonly first: Asked;
  readonly second: Asked;
  /** Where there is only one truth to tell: the statuses, one after the other. */
  readonly told?: readonly string[];
}

const sessionOf =
  (make: (id: string) => SessionCommand, id: string): Asked =>
  (uid) =>
    session(uid, make(`${uid}/${id}`));
const login = (id: string) => sessionOf((session) => connect(session), id);
const logout = (id: string) => sessionOf(disconnect, id);
const goesAway = (id: string) => sessionOf(away, id);
const beat = (id: string) => sessionOf(heartbeat, id);
const busy: Asked = (uid) =>
  claim(uid, { kind: 'setActive', claim: { statusDefault: 'busy', statusText: 'x', statusSource: 'manual' } });

const THE_RACE: Race = {
  name: 'login and logout of one session',
  before: [login('s'), logout('s')],
  first: login('s'),
  second: logout('s'),
};
const HEALING: Race = {
  name: 'a heartbeat that heals and a logout',
  before: [login('a')],
  first: beat('b'),
  second: logout('a'),
};
const LAST_LOGOUTS: Race = {
  name: 'the two last logouts',
  before: [login('a'), login('b')],
  first: logout('a'),
  second: logout('b'),
};
const THE_WALK: Race = {
  name: 'the verifying walk and a logout',
  before: [login('a')],
  first: recompute,
  second: logout('a'),
  told: ['online', 'offline'],
};
const RACES: readonly Race[] = [
  THE_RACE,
  THE_WALK,
  { name: 'login and logout of different sessions', before: [login('a')], first: login('b'), second: logout('a') },
  LAST_LOGOUTS,
  { name: 'the first two logins of a new user', before: [], first: login('a'), second: login('b') },
  { name: 'away and logout', before: [login('a'), login('b')], first: goesAway('a'), second: logout('b') },
  HEALING,
  { name: 'a claim and a logout', before: [login('a')], first: busy, second: logout('a') },
  { name: 'a claim and the first login', before: [], first: busy, second: login('a') },
];

/** Every trip to the slow stand-in takes tens of milliseconds, and these are hundreds of runs of a dozen trips. */
const isSlow = ownsMongo && findMongoProgram()?.flavor === 'wheel';
const racesToRun = isSlow ? RACES.slice(0, 4) : RACES;

let server: MongoServer;
let stores: MongoStore[];
let drop: () => Promise<void>;
let release: () => void;
let changes: PresenceChange[] = [];

beforeAll(async () => {
  server = await startMongo();
  const { url, drop: dropDatabase } = freshDatabase(server);
  drop = dropDatabase;
  const options = { url, patienceMs: 10_000, makesIndexes: () => true, refreshAfterMs: REFRESH_AFTER_MS };
  stores = [new MongoStore(options), new MongoStore(options)];
  for (const store of stores) await store.open();
  release = holdTrips();
});
afterAll(async () => {
  release();
  for (const store of stores) await store.close();
  await drop();
  await server.stop();
});

const replicaOn = (store: PresenceStore): PresenceEngine =>
  new PresenceEngine({ store, clock: () => NOW, onChanges: (told) => changes.push(...told) });

/** What must be kept of both calls whichever came first: the sessions and the claim. */
function shortly({ statusDefault = 'online' }: ClaimState, sessions: readonly Session[]): string {
  const texts = sessions.map(({ id, status }) => `${id.split('/').at(-1)} ${status}`).toSorted();
  return [...texts, `claims ${statusDefault}`].join(', ');
}

/** The same, by the rules alone, of calls one after the other. */
function dueOf(uid: string, order: readonly Asked[]): string {
  let sessions: readonly Session[] = [];
  let claims: ClaimState = {};
  for (const asked of order) {
    const command = asked(uid);
    if (command.kind === 'session')
      sessions = applySessionCommand(sessions, command.session, NOW, REFRESH_AFTER_MS).sessions;
    if (command.kind === 'claim') claims = applyClaim(claims, command.claim, NOW).state;
  }
  return shortly(claims, sessions);
}

/** What is wrong with a user once all is quiet; undefined when nothing is. */
async function faultOf(uid: string, { before, first, second, told }: Race): Promise<string | undefined> {
  const { user, sessions } = (await stores[0]!.applySessions([work(uid)], NOW))[0]!;
  const due = [
    [...before, first, second],
    [...before, second, first],
  ].map((order) => dueOf(uid, order));
  if (!due.includes(shortly(user!, sessions)))
    return `${shortly(user!, sessions)} is stored, due is ${due.join(' or ')}`;
  const decided = decide(user!, sessions, [], undefined, NOW).after;
  if (decided !== user) return `shown as ${user!.status}, and by its sessions ${decided.status}`;
  const chain = changes.toSorted((a, b) => a.after.presenceRev - b.after.presenceRev);
  for (const [i, { before }] of chain.slice(1).entries()) {
    if (JSON.stringify(shownOf(before)) !== JSON.stringify(shownOf(chain[i]!.after))) return 'a change was not told';
  }
  const statuses = chain.map(({ after }) => after.status).join();
  if (told && statuses !== told.join()) return `told as ${statuses}`;
  return chain.at(-1)?.after.status === user.status ? undefined : 'what was told last is not what is stored';
}

/** The orders of trips to the database that end wrong, each with what is wrong. */
async function faultsOf(
  race: Race,
  [one, other]: readonly [PresenceStore, PresenceStore],
): Promise<{ runs: number; faults: string[] }> {
  const { name, before, first, second } = race;
  const faults: string[] = [];
  const runs = await inEveryOrder(
    async (run) => {
      const uid = `${name}/${run}/${one === stores[0]}`;
      changes = [];
      for (const asked of before) await replicaOn(one).run([asked(uid)]);
      const flows = {
        first: () => replicaOn(one).run([first(uid)]),
        second: () => replicaOn(other).run([second(uid)]),
      };
      return { ground: uid, flows };
    },
    async (uid, order) => {
      const fault = await faultOf(uid, race);
      if (fault) faults.push(`${fault}: ${order}`);
    },
  );
  return { runs, faults };
}

describe('two replicas at one user', () => {
  it.each(racesToRun)(
    '$name: every order of their steps ends in the presence of the final sessions',
    async (race) => {
      const { runs, faults } = await faultsOf(race, [stores[0]!, stores[1]!]);
      expect(faults).toEqual([]);
      expect(runs).toBeGreaterThanOrEqual(5);
    },
    120_000,
  );
});

/** As if session revisions were not compared after a write of presence. */
function withoutLookingAgain(store: MongoStore): PresenceStore {
  return new Proxy<PresenceStore>(store, {
    get: (target, key) => {
      if (key === 'sessionsMoved') return () => Promise.resolve(new Set());
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('the comparison of session revisions after a write', () => {
  it.each([THE_RACE, HEALING, LAST_LOGOUTS])(
    'is what $name needs: without it an order of steps ends wrong',
    async (race) => {
      const { faults } = await faultsOf(race, [withoutLookingAgain(stores[0]!), withoutLookingAgain(stores[1]!)]);
      expect(faults.length).toBeGreaterThan(0);
    },
    120_000,
  );
});
