import { applySessionCommand, type SessionCommand } from '../../../domain/sessions';
import { STATUSES, type Session, type Status } from '../../../domain/types';

const SECOND = 1000;
const NOW_MS = Date.UTC(2025, 0, 15, 12);
const REFRESH_AFTER_MS = 50 * SECOND;
const JUST_YOUNG_MS = REFRESH_AFTER_MS - 1;

interface Traits {
  readonly status?: Status;
  readonly instanceId?: string;
  /** How long ago the lease was refreshed. */
  readonly ageMs?: number;
}
function session(
  id: string,
  { status = 'online', instanceId = 'node-1', ageMs = JUST_YOUNG_MS }: Traits = {},
): Session {
  return {
    id,
    instanceId,
    status,
    _createdAt: new Date(NOW_MS - ageMs - SECOND),
    _updatedAt: new Date(NOW_MS - ageMs),
  };
}
const apply = (sessions: readonly Session[], command: SessionCommand, refreshAfterMs = REFRESH_AFTER_MS) =>
  applySessionCommand(sessions, command, NOW_MS, refreshAfterMs);
const connect = (id: string, instanceId = 'node-1'): SessionCommand => ({ kind: 'connect', session: id, instanceId });
const heartbeat = (id: string, instanceId = 'node-1'): SessionCommand => ({
  kind: 'heartbeat',
  session: id,
  instanceId,
});
const setStatus = (id: string, status: Status): SessionCommand => ({ kind: 'sessionStatus', session: id, status });
const disconnect = (id: string): SessionCommand => ({ kind: 'disconnect', session: id });
const dropInstance = (instanceId: string): SessionCommand => ({ kind: 'dropInstance', instanceId });
const keepOnly = (...ids: string[]): SessionCommand => ({ kind: 'dropOtherInstances', keep: new Set(ids) });
const refreshed = (before: Session, changes: Partial<Session> = {}): Session => ({
  ...before,
  ...changes,
  _updatedAt: new Date(NOW_MS),
});

describe('connect', () => {
  test('appends an online session of the instance, created and refreshed now', () => {
    const first = session('s1', { status: 'away' });
    const { sessions, found } = apply([first], connect('s2', 'node-2'));
    const now = new Date(NOW_MS);
    expect(sessions).toEqual([
      first,
      { id: 's2', instanceId: 'node-2', status: 'online', _createdAt: now, _updatedAt: now },
    ]);
    expect(sessions[0]).toBe(first);
    expect(found).toBe(false);
  });

  test('of a session that is online at that instance already changes nothing', () => {
    const before = [session('s1'), session('s2')];
    expect(apply(before, connect('s1'))).toEqual({ sessions: before, found: true });
    expect(apply(before, connect('s1')).sessions).toBe(before);
  });

  test('twice gives one session and the same array', () => {
    const once = apply([], connect('s1')).sessions;
    expect(apply(once, connect('s1')).sessions).toBe(once);
    expect(once).toHaveLength(1);
  });

  test('of a known session brings it back online and keeps its age', () => {
    const before = session('s1', { status: 'away' });
    expect(apply([before], connect('s1'))).toEqual({
      sessions: [refreshed(before, { status: 'online' })],
      found: true,
    });
  });

  test('of a known session through another instance moves it there', () => {
    const before = session('s1', { instanceId: 'node-1' });
    const { sessions } = apply([before], connect('s1', 'node-2'));
    expect(sessions).toEqual([refreshed(before, { instanceId: 'node-2' })]);
  });
});

describe('heartbeat', () => {
  test('of a young lease writes nothing', () => {
    const before = [session('s1', { ageMs: JUST_YOUNG_MS })];
    const { sessions, found } = apply(before, heartbeat('s1'));
    expect(sessions).toBe(before);
    expect(found).toBe(true);
  });

  test('refreshes a lease exactly as old as the threshold', () => {
    const before = session('s1', { ageMs: REFRESH_AFTER_MS });
    expect(apply([before], heartbeat('s1'))).toEqual({ sessions: [refreshed(before)], found: true });
  });

  test('refreshes a lease older than the threshold', () => {
    const before = session('s1', { ageMs: REFRESH_AFTER_MS + 1 });
    expect(apply([before], heartbeat('s1')).sessions).toEqual([refreshed(before)]);
  });

  test('does not set back a lease refreshed by a clock that runs ahead', () => {
    const before = [session('s1', { ageMs: -5 * SECOND })];
    expect(apply(before, heartbeat('s1')).sessions).toBe(before);
  });

  test.each(STATUSES)('keeps the status %s of the session', (status) => {
    const before = session('s1', { status, ageMs: REFRESH_AFTER_MS });
    expect(apply([before], heartbeat('s1')).sessions).toEqual([refreshed(before)]);
  });

  test('through another node leaves the session with its instance', () => {
    const young = [session('s1', { instanceId: 'node-1' })];
    expect(apply(young, heartbeat('s1', 'node-2')).sessions).toBe(young);
    const old = session('s1', { instanceId: 'node-1', ageMs: REFRESH_AFTER_MS });
    expect(apply([old], heartbeat('s1', 'node-2')).sessions).toEqual([refreshed(old)]);
  });

  test('re-creates an unknown session as online at the calling node', () => {
    const now = new Date(NOW_MS);
    expect(apply([], heartbeat('s1', 'node-2'))).toEqual({
      sessions: [{ id: 's1', instanceId: 'node-2', status: 'online', _createdAt: now, _updatedAt: now }],
      found: false,
    });
  });

  test('leaves other sessions as they are, however old', () => {
    const [old, mine] = [session('s1', { ageMs: 3 * REFRESH_AFTER_MS }), session('s2', { ageMs: REFRESH_AFTER_MS })];
    const { sessions } = apply([old, mine], heartbeat('s2'));
    expect(sessions).toEqual([old, refreshed(mine)]);
    expect(sessions[0]).toBe(old);
  });

  test('of a session whose stored lease has no time refreshes it', () => {
    const untimed = { ...session('s1'), _updatedAt: null as unknown as Date }; // a database may hold null
    expect(apply([untimed], heartbeat('s1')).sessions).toEqual([refreshed(untimed)]);
  });
});

describe('sessionStatus', () => {
  test('sets the status and refreshes the lease', () => {
    const [other, mine] = [session('s1'), session('s2')];
    const { sessions, found } = apply([other, mine], setStatus('s2', 'away'));
    expect(sessions).toEqual([other, refreshed(mine, { status: 'away' })]);
    expect(found).toBe(true);
  });

  test('that the session has already changes nothing while the lease is young', () => {
    const before = [session('s1', { status: 'away' })];
    expect(apply(before, setStatus('s1', 'away'))).toEqual({ sessions: before, found: true });
    expect(apply(before, setStatus('s1', 'away')).sessions).toBe(before);
  });

  test('that the session has already refreshes an old lease', () => {
    const before = session('s1', { status: 'away', ageMs: REFRESH_AFTER_MS });
    expect(apply([before], setStatus('s1', 'away')).sessions).toEqual([refreshed(before)]);
  });

  test('of an unknown session creates nothing', () => {
    const before = [session('s1')];
    expect(apply(before, setStatus('s2', 'away'))).toEqual({ sessions: before, found: false });
    expect(apply(before, setStatus('s2', 'away')).sessions).toBe(before);
  });
});

describe('disconnect', () => {
  test('removes the session and keeps the order of the others', () => {
    const [a, b, c] = [session('s1'), session('s2'), session('s3')];
    expect(apply([a, b, c], disconnect('s2'))).toEqual({ sessions: [a, c], found: true });
    expect(apply([a], disconnect('s1'))).toEqual({ sessions: [], found: true });
  });

  test('of an unknown session changes nothing', () => {
    const before = [session('s1')];
    expect(apply(before, disconnect('s2')).sessions).toBe(before);
    expect(apply(before, disconnect('s2')).found).toBe(false);
  });
});

describe('dropInstance', () => {
  test('removes every session of the instance and no other', () => {
    const here = session('s2', { instanceId: 'node-2' });
    const before = [session('s1'), here, session('s3')];
    expect(apply(before, dropInstance('node-1'))).toEqual({ sessions: [here], found: true });
  });

  test('of an instance without sessions changes nothing', () => {
    const before = [session('s1')];
    expect(apply(before, dropInstance('node-2')).sessions).toBe(before);
    expect(apply(before, dropInstance('node-2')).found).toBe(false);
  });

  test('of what was last written before a time leaves the rest', () => {
    const [older, newer] = [session('s1', { ageMs: 2 }), session('s2', { ageMs: 1 })];
    const untimed = { ...session('s3'), _updatedAt: null as unknown as Date };
    const drop = { ...dropInstance('node-1'), beforeMs: NOW_MS - 1 } as SessionCommand;
    expect(apply([older, newer, untimed], drop)).toEqual({ sessions: [newer], found: true });
  });
});

describe('dropOtherInstances', () => {
  const [one, two, three] = ['node-1', 'node-2', 'node-3'].map((instanceId) => session(instanceId, { instanceId }));
  const before = [one!, two!, three!];

  test('keeps the sessions of the named instances only', () => {
    expect(apply(before, keepOnly('node-1', 'node-3'))).toEqual({ sessions: [one, three], found: true });
    expect(apply(before, keepOnly())).toEqual({ sessions: [], found: true });
  });

  test('changes nothing when every instance is named', () => {
    const all = keepOnly('node-1', 'node-2', 'node-3', 'node-4');
    expect(apply(before, all).sessions).toBe(before);
    expect(apply(before, all).found).toBe(false);
  });
});

describe('duplicates of one session id (contract W21)', () => {
  const old = session('s1', { ageMs: REFRESH_AFTER_MS });
  const older = session('s1', { ageMs: 2 * REFRESH_AFTER_MS, status: 'away', instanceId: 'node-2' });
  const young = session('s1', { status: 'away' });
  const other = session('s2');

  test.each<[string, SessionCommand, Session[], Session[]]>([
    [
      'a heartbeat refreshes all of them',
      heartbeat('s1'),
      [old, other, older],
      [refreshed(old), other, refreshed(older)],
    ],
    ['a heartbeat leaves the young among them', heartbeat('s1'), [young, old], [young, refreshed(old)]],
    [
      'a status is set on all of them',
      setStatus('s1', 'busy'),
      [old, other, young],
      [refreshed(old, { status: 'busy' }), other, refreshed(young, { status: 'busy' })],
    ],
    [
      'a connect brings all of them online at the instance',
      connect('s1'),
      [older, young],
      [older, young].map((one) => refreshed(one, { status: 'online', instanceId: 'node-1' })),
    ],
    ['a disconnect removes all of them', disconnect('s1'), [old, other, older], [other]],
    ['dropping an instance removes only those of the instance', dropInstance('node-2'), [old, older], [old]],
  ])('%s', (_name, command, before, after) => {
    expect(apply(before, command)).toEqual({ sessions: after, found: true });
  });
});
