import { sameClaims } from '../../domain/claims';
import { isFirstContact } from '../../domain/commands';
import type { HistoryRow } from '../../domain/history';
import { decide, firstContact, isShownChange, shownOf } from '../../domain/presence';
import { applySessionCommand } from '../../domain/sessions';
import type { Session, UserRecord } from '../../domain/types';
import { groupBy } from '../../lib/group-by';
import { HISTORY_COLLECTION } from '../../lib/store/mongo/history';
import type { UserState } from '../../lib/store/port';
import { BusFixture } from '../helpers/bus-fixture';
import { eventually } from '../helpers/eventually';
import { historyFault, keptIn } from '../helpers/kept-history';
import { findMongoProgram } from '../helpers/mongo-program';
import { freshDatabase, ownsMongo, sizes, startMongo, withDb, type MongoServer } from '../helpers/mongo-server';
import { NOW, REFRESH_AFTER_MS, work } from '../helpers/presence-builders';
import { commandOf, planLoad, send, type Answered } from '../helpers/random-load';
import type { Replica } from '../helpers/replica';
import type { RocketChatNode, StatusCall } from '../helpers/rocket-chat-node';

/*
 * Random calls on three replicas at once, one seed after the other. What two calls may do to each other is tried in
 * every order by lost-update.test.ts; this looks for what nobody thought of, with all parts in place: bus, batches,
 * what replicas remember of leases, claims that end by themselves.
 */

const CALLS = 20_000;
const REPLICAS = ['presence-a', 'presence-b', 'presence-c'];
/** No replica verifies presence while the test runs: that would repair what calls have left wrong. */
const ENV = { SYNC_INTERVAL: '86400000', HEARTBEAT_TIMEOUT: '60' };
const isSlow = ownsMongo && findMongoProgram()?.flavor === 'wheel';
const seeds = Array.from({ length: Number(process.env.SEEDS || (isSlow ? 2 : 20)) }, (_, i) => i + 1);
const SEED_WITHIN_MS = 120_000;
/** One bug strikes many users. */
const FAULTS_SHOWN = 20;

let server: MongoServer;
let database: ReturnType<typeof freshDatabase>;
let bus: BusFixture;
let replica: Replica;
let core: RocketChatNode;

beforeAll(async () => {
  server = await startMongo();
  database = freshDatabase(server);
  bus = await BusFixture.start();
  for (const nodeID of REPLICAS) replica = await bus.replica({ nodeID, mongoUrl: database.url, env: ENV });
  core = await bus.rocketChat('core-1');
}, SEED_WITHIN_MS);
afterAll(async () => {
  await bus.stop();
  await database.drop();
  await server.stop();
});

/** All that a seed says of one user. */
interface Story {
  readonly uid: string;
  readonly calls: readonly Answered[];
  /** In the order of their revisions. */
  readonly events: readonly StatusCall[];
  readonly stored: UserState;
  readonly kept: readonly HistoryRow[] | undefined;
}

const storedOf = (uids: readonly string[]): Promise<UserState[]> =>
  replica.store.applySessions(
    uids.map((uid) => work(uid)),
    Date.now(),
  );

/** What is stored once the last claim has ended and the last event has come; what never comes is found by the checks. */
async function storiesOf(answered: readonly Answered[]): Promise<Story[]> {
  const calls = groupBy(answered, ({ uid }) => uid);
  const states = await eventually(async () => {
    const read = await storedOf([...calls.keys()]);
    expect(read.filter(({ user }) => user?.statusExpiresAt !== undefined)).toEqual([]);
    return read;
  });
  const kept = await withDb(database.url, keptIn);
  const stories = () => {
    const heard = groupBy(core.statuses, ({ user }) => user._id as string);
    return states.map((stored) => ({
      uid: stored.uid,
      stored,
      kept: kept.get(stored.uid),
      calls: calls.get(stored.uid)!,
      events: (heard.get(stored.uid) ?? []).toSorted((a, b) => a.rev! - b.rev!),
    }));
  };
  await eventually(() => expect(stories().some((story) => eventsFault(story) !== undefined)).toBe(false)).catch(
    () => undefined,
  );
  return stories();
}

/** Presence is that of the stored sessions and claims. */
function presenceFault({ stored: { user, sessions } }: Story): string | undefined {
  if (!user) return sessions.length > 0 ? 'has sessions and is no user' : undefined;
  const due = decide(user, sessions, [], undefined, Date.now()).after;
  if (user.status === due.status && user.statusConnection === due.statusConnection) return undefined;
  return `is ${user.status} (${user.statusConnection}), due is ${due.status} (${due.statusConnection})`;
}

/** Events tell each change of status once, and the last what is stored. */
function eventsFault({ events, stored: { user } }: Story): string | undefined {
  let before: StatusCall | undefined;
  for (const event of events) {
    if (event.rev === before?.rev) return `revision ${event.rev} was told twice`;
    if (event.previousStatus !== before?.user.status) {
      return `revision ${event.rev} follows ${event.previousStatus}, told before was ${before?.user.status}`;
    }
    before = event;
  }
  const [told, due] = [before?.user, user && shownOf(user)].map((shown) => JSON.stringify(shown, keysOf(shown)));
  return told === due ? undefined : `told last was ${told}, stored is ${due}`;
}

const keysOf = (shown: object | undefined): string[] => Object.keys(shown ?? {}).toSorted();

type SessionCall = Answered & { readonly asked: { readonly session: string } };
type Moment = Pick<Answered, 'beganAt' | 'endedAt'>;
const AT_THE_END: Moment = { beganAt: Infinity, endedAt: Infinity };

/**
 * Whether a session is there at a moment: yes when a call that makes it so (a login, a heartbeat) came last, no after a
 * logout. Which call came last is open among calls that overlapped each other or the moment: undefined, unless all of
 * them ask for the same.
 */
function isDue(calls: readonly SessionCall[], moment: Moment): boolean | undefined {
  const past = calls.filter(({ endedAt }) => endedAt < moment.beganAt);
  const lastBegan = past.reduce((last, { beganAt }) => Math.max(last, beganAt), -1);
  const maybeLast = calls.filter(({ beganAt, endedAt }) => beganAt < moment.endedAt && endedAt > lastBegan);
  const due = new Set(maybeLast.map(({ asked }) => asked.kind !== 'disconnect'));
  if (past.length === 0) due.add(false);
  return due.size === 1 ? due.has(true) : undefined;
}

/** No login, logout or heartbeat is lost: neither in what is stored, nor in what changes of status answer meanwhile. */
function sessionsFault({ calls, stored: { sessions } }: Story): string | undefined {
  const ids = sessions.map(({ id }) => id);
  if (new Set(ids).size < ids.length) return `has a session twice: ${ids.join(', ')}`;
  const onSessions = calls.filter((call): call is SessionCall => 'session' in call.asked);
  for (const [id, all] of groupBy(onSessions, ({ asked }) => asked.session)) {
    const asks = all.filter(({ asked }) => asked.kind === 'sessionStatus');
    const changes = all.filter(({ asked }) => asked.kind !== 'sessionStatus');
    const told = [...asks.map((ask) => [ask, ask.result] as const), [AT_THE_END, ids.includes(id)] as const];
    for (const [moment, isThere] of told) {
      const due = isDue(changes, moment);
      if (due === undefined || isThere === due) continue;
      const before = changes.filter(({ beganAt }) => beganAt < moment.endedAt).slice(-6);
      const history = before.map((call) => `${call.asked.kind}@${call.replica}[${call.beganAt}-${call.endedAt}]`);
      return `${id} is ${isThere ? '' : 'not '}there at [${moment.beganAt}-${moment.endedAt}] after ${history.join(' ')}`;
    }
  }
  return undefined;
}

/** Calls one after the other are a run of the rules: every answer, every event and all that is stored. */
function modelFault({ uid, calls, events, stored }: Story): string | undefined {
  let sessions: readonly Session[] = [];
  let user: UserRecord | undefined;
  const changes: UserRecord[] = [];
  for (const [i, { asked, result, replica: at }] of calls.entries()) {
    const command = commandOf(uid, asked, core.broker.nodeID);
    let due = false;
    if (command.kind === 'session') {
      const outcome = applySessionCommand(sessions, command.session, NOW, REFRESH_AFTER_MS);
      sessions = outcome.sessions;
      due = outcome.found;
    }
    const subject = user ?? (isFirstContact(command) ? firstContact(uid) : undefined);
    if (subject) {
      const requests = command.kind === 'claim' ? [command.claim] : [];
      const { before, after, accepted } = decide(subject, sessions, requests, undefined, NOW);
      due = accepted[0] ?? due;
      if (after !== before && isShownChange(before, after)) changes.push(after);
      user = after;
    }
    if (typeof result === 'boolean' && result !== due) return `call ${i}, ${asked.kind} at ${at}, answered ${result}`;
  }
  const texts = (list: readonly Session[]) => list.map(({ id, status }) => `${id} ${status}`).join(', ');
  if (texts(stored.sessions) !== texts(sessions)) {
    return `has the sessions ${texts(stored.sessions)}, due are ${texts(sessions)}`;
  }
  const same =
    user?.presenceRev === stored.user?.presenceRev &&
    user?.status === stored.user?.status &&
    sameClaims(user ?? {}, stored.user ?? {});
  if (!same) return `is stored as ${JSON.stringify(stored.user)}, due is ${JSON.stringify(user)}`;
  const told = events.map(({ rev, user: { status } }) => `${rev} ${String(status)}`).join(', ');
  const dueTold = changes.map(({ presenceRev, status }) => `${presenceRev} ${status}`).join(', ');
  return told === dueTold ? undefined : `was told as ${told}, due is ${dueTold}`;
}

/** Positions are answered with their names, all else with yes or no. */
function answerFault({ calls }: Story): string | undefined {
  for (const { uid, asked, result, failure, replica: at } of calls) {
    if (failure !== undefined) return `${asked.kind} at ${at} failed: ${failure}`;
    const due =
      asked.kind === 'connect' || asked.kind === 'heartbeat'
        ? { uid, connectionId: asked.session }
        : asked.kind === 'disconnect'
          ? { uid, session: asked.session }
          : Boolean(result);
    if (JSON.stringify(result) !== JSON.stringify(due))
      return `${asked.kind} at ${at} answered ${JSON.stringify(result)}`;
  }
  return undefined;
}

/** Keeps a long soak from slowing down with what earlier seeds have left. */
async function forgetUsers(uids: readonly string[]): Promise<void> {
  await withDb(database.url, async (db) => {
    const theirs = { _id: { $in: [...uids] } };
    await Promise.all(
      ['users', 'usersSessions'].map((name) => db.collection<{ _id: string }>(name).deleteMany(theirs)),
    );
    await db.collection(HISTORY_COLLECTION).deleteMany({});
  });
  core.statuses.length = 0;
}

describe('random calls on three replicas', () => {
  it.each(seeds)(
    'seed %i: nothing is lost, told wrong, answered wrong or missing in the history',
    async (seed) => {
      const load = planLoad(seed, `${seed}-`, sizes(server, CALLS), REPLICAS);
      const sequential = new Set(load.sequential.map(([first]) => first!.uid));
      const stories = await storiesOf(await send(core, load));
      const faults = stories.flatMap((story) =>
        [
          answerFault,
          presenceFault,
          sessionsFault,
          eventsFault,
          historyFault,
          ...(sequential.has(story.uid) ? [modelFault] : []),
        ]
          .map((check) => check(story))
          .filter((fault) => fault !== undefined)
          .map((fault) => `${story.uid}: ${fault}`),
      );
      expect(faults.slice(0, FAULTS_SHOWN)).toEqual([]);
      await forgetUsers(stories.map(({ uid }) => uid));
    },
    SEED_WITHIN_MS,
  );
});
