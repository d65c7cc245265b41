import { explain, type ExplainContext, type Explanation } from '../../../domain/explain';
import type { Schedule } from '../../../domain/schedule';
import type { Session, Status, UserRecord } from '../../../domain/types';

const SECOND = 1000;
const NOW_MS = Date.UTC(2025, 0, 15, 12);
const at = (agoMs: number) => new Date(NOW_MS - agoMs);

const CONTEXT: ExplainContext = {
  nowMs: NOW_MS,
  leaseMs: 150 * SECOND,
  countsFromMs: 0,
  heartbeating: new Set(['ddp-1']),
  schedules: [],
  isOwner: true,
  instanceState: (id) => (id === 'ddp-1' ? 'up' : id === 'ddp-2' ? 'gone' : 'unknown'),
};
const user = (fields: Partial<UserRecord> = {}): UserRecord => ({
  _id: 'ann',
  username: 'ann.smith',
  status: 'online',
  statusConnection: 'online',
  presenceRev: 7,
  ...fields,
});
const session = (id: string, status: Status, seenAgoMs: number, instanceId = 'ddp-1'): Session => ({
  id,
  instanceId,
  status,
  _createdAt: at(3600 * SECOND),
  _updatedAt: at(seenAgoMs),
});
const MEETING = {
  statusDefault: 'busy',
  statusSource: 'external',
  statusText: 'in a meeting',
  statusId: 'm1',
} as const;
const LUNCH = { statusDefault: 'away', statusSource: 'manual', statusText: 'lunch' } as const;
const of = (record: UserRecord, sessions: readonly Session[], context: Partial<ExplainContext> = {}): Explanation =>
  explain(record, sessions, { ...CONTEXT, ...context });

describe('what decided a status', () => {
  test.each<[string, UserRecord, Session[], Partial<Explanation>]>([
    [
      'nothing but sessions',
      user(),
      [session('s1', 'online', 0), session('s2', 'away', 0), session('s3', 'away', 0)],
      { decidedBy: 'sessions', because: 'of 3 sessions are 1 online, 2 away, and no claim says otherwise' },
    ],
    [
      'the lack of a session',
      user({ status: 'offline', statusConnection: 'offline', ...MEETING }),
      [],
      { decidedBy: 'no-session', because: 'there is no session' },
    ],
    [
      'sessions of which none is live',
      user({ status: 'offline', statusConnection: 'offline' }),
      [session('s1', 'offline', 0)],
      { decidedBy: 'no-session', because: 'none of the sessions is live' },
    ],
    [
      'a claim',
      user({ status: 'busy', ...MEETING }),
      [session('s1', 'online', 0)],
      { decidedBy: 'claim', because: 'a claim (external) says busy, and a session is live' },
    ],
    [
      'a claim of nobody in particular',
      user({ status: 'away', statusDefault: 'away' }),
      [session('s1', 'online', 0)],
      { decidedBy: 'claim', because: 'a claim (no source) says away, and a session is live' },
    ],
    [
      'the claim of a bot',
      user({ type: 'bot', status: 'busy', statusConnection: 'offline', ...MEETING }),
      [],
      {
        decidedBy: 'claim-of-service-user',
        because: 'a claim (external) says busy, and bots and apps need no session',
      },
    ],
  ])('is told: %s', (_name, record, sessions, expected) => {
    expect(of(record, sessions)).toMatchObject({ ...expected, agrees: true });
  });

  test('stands beside what is due, where what is stored does not agree', () => {
    const explained = of(user({ status: 'away' }), [session('s1', 'online', 0)]);
    expect(explained).toMatchObject({ status: 'away', agrees: false, due: 'online' });
  });

  test('promises no repair where Rocket.Chat’s core decides', () => {
    const explained = of(user({ status: 'away' }), [session('s1', 'online', 0)], { isOwner: false });
    expect(explained).toMatchObject({ status: 'away', agrees: false });
    expect(explained).not.toHaveProperty('due');
  });
});

describe('sessions', () => {
  test('have their instance, and what is left of the lease where there is one', () => {
    const { sessions } = of(user(), [
      session('s1', 'online', 50 * SECOND),
      session('s2', 'away', 20 * SECOND, 'ddp-2'),
      session('s3', 'away', 20 * SECOND, 'elsewhere'),
    ]);
    expect(sessions).toEqual([
      { id: 's1', instanceId: 'ddp-1', status: 'online', instance: 'up', seenAgoMs: 50_000, leaseLeftMs: 100_000 },
      { id: 's2', instanceId: 'ddp-2', status: 'away', instance: 'gone', seenAgoMs: 20_000 },
      { id: 's3', instanceId: 'elsewhere', status: 'away', instance: 'unknown', seenAgoMs: 20_000 },
    ]);
  });

  test('have a whole lease from when somebody began to watch', () => {
    const countsFromMs = NOW_MS - 10 * SECOND;
    const { sessions } = of(user(), [session('s1', 'online', 3600 * SECOND)], { countsFromMs });
    expect(sessions[0]!.leaseLeftMs).toBe(140 * SECOND);
  });
});

describe('claims', () => {
  test('are the active one and what waits, each with what is left of it', () => {
    const explained = of(
      user({
        status: 'busy',
        ...MEETING,
        statusExpiresAt: at(-60 * SECOND),
        previousState: { ...LUNCH, statusExpiresAt: at(-90 * SECOND) },
      }),
      [session('s1', 'online', 100 * SECOND)],
    );
    expect(explained.claim).toMatchObject({ ...MEETING, endsInMs: 60_000 });
    expect(explained.waiting).toMatchObject([{ ...LUNCH, endsInMs: 90_000 }]);
    expect(explained.timers).toEqual([
      { what: 'lease-ends', inMs: 50_000, session: 's1' },
      { what: 'claim-ends', inMs: 60_000 },
      { what: 'waiting-claim-ends', inMs: 90_000 },
    ]);
  });

  test('whose time is over are not claims any more: what waited is', () => {
    const explained = of(user({ status: 'busy', ...MEETING, statusExpiresAt: at(SECOND), previousState: LUNCH }), [
      session('s1', 'online', 0),
    ]);
    expect(explained).toMatchObject({ claim: LUNCH, waiting: [], agrees: false, due: 'away' });
  });
});

test('what is scheduled is among what will happen by itself', () => {
  const next = { startsAt: at(-30 * SECOND), endsAt: at(-90 * SECOND) };
  const schedule: Schedule = {
    _id: 'schedule-1',
    uid: 'ann',
    claim: { statusDefault: 'busy', statusSource: 'internal' },
    ...next,
    timeZone: 'UTC',
    createdAt: at(0),
    dueAt: next.startsAt,
  };
  const timer = { what: 'scheduled-claim-begins', inMs: 30_000, schedule: 'schedule-1' };
  const schedules = [
    { ...schedule, next },
    { ...schedule, _id: 'schedule-2' },
  ];
  const ending = user({ status: 'busy', ...MEETING, statusExpiresAt: at(-60 * SECOND) });
  expect(of(ending, [], { schedules }).timers).toEqual([timer, { what: 'claim-ends', inMs: 60_000 }]);
});

test('the last change has its cause and its age', () => {
  const presenceChange = { cause: 'node-lost', from: 'busy', at: at(5 * SECOND) } as const;
  expect(of(user({ presenceChange }), []).lastChange).toEqual({ ...presenceChange, agoMs: 5000 });
  expect(of(user(), []).lastChange).toBeUndefined();
});
