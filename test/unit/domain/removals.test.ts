import fc from 'fast-check';
import {
  applyToUser,
  MAX_TOMBSTONES,
  NO_TOMBSTONES,
  TOMBSTONE_KEPT_MS,
  UNHEARD_MS,
  type UserSessions,
} from '../../../domain/removals';
import type { SessionCommand } from '../../../domain/sessions';
import { NOW, REFRESH_AFTER_MS } from '../../helpers/presence-builders';

const NOBODY: UserSessions = { sessions: [], tombstones: NO_TOMBSTONES };
const login = (fields: Partial<SessionCommand> = {}): SessionCommand =>
  ({ kind: 'connect', session: 's', instanceId: 'n', ...fields }) as SessionCommand;
const beat = (fields: Partial<SessionCommand> = {}): SessionCommand =>
  ({ kind: 'heartbeat', session: 's', instanceId: 'n', ...fields }) as SessionCommand;
const logout = (removal: string | undefined, session = 's'): SessionCommand => ({
  kind: 'disconnect',
  session,
  removal,
});
const after = (commands: readonly SessionCommand[], nowMs = NOW, before = NOBODY): UserSessions =>
  commands.reduce<UserSessions>((state, command) => applyToUser(state, command, nowMs, REFRESH_AFTER_MS), before);
const idsOf = ({ sessions }: UserSessions) => sessions.map(({ id }) => id);
const laterBy = (ms: number, command: SessionCommand, before: UserSessions) =>
  idsOf(after([command], NOW + ms, before));

describe('a removal', () => {
  const overtaking = after([logout('r1')]);
  const ending = after([login(), logout('r1')]);

  it('of a session that is not there keeps out its login, unless the replica had heard of the removal', () => {
    expect(laterBy(10, login(), overtaking)).toEqual([]);
    expect(laterBy(10, login({ heard: ['r0'] }), overtaking)).toEqual([]);
    expect(laterBy(10, login({ heard: ['r0', 'r1'] }), overtaking)).toEqual(['s']);
  });

  it('keeps out a login that has waited since before it for a minute, and none that came long after it', () => {
    expect(laterBy(60_000, login({ receivedMs: NOW - 1 }), overtaking)).toEqual([]);
    expect(laterBy(UNHEARD_MS, login(), overtaking)).toEqual(['s']);
    expect(laterBy(TOMBSTONE_KEPT_MS, login({ receivedMs: NOW - 1 }), overtaking)).toEqual(['s']);
  });

  it('of a session that was there keeps out its heartbeats, and of logins those alone that came before it', () => {
    expect(laterBy(10, beat(), ending)).toEqual([]);
    expect(laterBy(10, beat({ heard: ['r1'] }), ending)).toEqual(['s']);
    expect(laterBy(10, login(), ending)).toEqual(['s']);
    expect(laterBy(10, login({ receivedMs: NOW - 1 }), ending)).toEqual([]);
  });

  it('keeps out nothing that comes to a replica which started after it', () => {
    for (const call of [login, beat]) {
      expect(laterBy(10, call({ hearsSinceMs: NOW + 5 }), overtaking)).toEqual(['s']);
      expect(laterBy(10, call({ hearsSinceMs: NOW - 5 }), overtaking)).toEqual([]);
    }
  });

  it('without a name leaves nothing', () => {
    expect(after([login(), logout(undefined)])).toMatchObject(NOBODY);
    expect(after([logout(undefined)]).tombstones).toBe(NO_TOMBSTONES);
  });

  it('is over once its session is back, and forgotten with the next write after its time', () => {
    expect(after([login({ heard: ['r1'] })], NOW, overtaking).tombstones).toEqual([]);
    const other = after([login({ session: 'other' })], NOW + TOMBSTONE_KEPT_MS, overtaking);
    expect(other.tombstones).toEqual([]);
  });

  it('concerns no other session, and no status of one', () => {
    expect(laterBy(0, login({ session: 'other' }), overtaking)).toEqual(['other']);
    expect(applyToUser(overtaking, { kind: 'sessionStatus', session: 's', status: 'away' }, NOW, 0)).toEqual({
      ...overtaking,
      found: false,
    });
  });

  it('leaves a bounded number of traces, the newest', () => {
    const many = after(Array.from({ length: 3 * MAX_TOMBSTONES }, (_, n) => logout(`r${n}`, `s${n}`)));
    expect(many.tombstones).toHaveLength(MAX_TOMBSTONES);
    expect(many.tombstones.at(-1)).toMatchObject({ id: `s${3 * MAX_TOMBSTONES - 1}` });
  });

  it('whatever the order in which two replicas carry them out, a login and its logout end offline', () => {
    const calls = fc.record({ logouts: fc.integer({ min: 1, max: 3 }), skewMs: fc.integer({ min: -40, max: 40 }) });
    fc.assert(
      fc.property(calls, fc.infiniteStream(fc.nat()), ({ logouts, skewMs }, random) => {
        const all = [
          login({ receivedMs: NOW + skewMs }),
          ...Array.from({ length: logouts }, (_, n) => logout(`r${n}`)),
        ];
        const keys = new Map(all.map((command) => [command, random.next().value as number]));
        const order = all.toSorted((a, b) => keys.get(a)! - keys.get(b)!);
        expect(idsOf(after(order))).toEqual([]);
      }),
    );
  });

  it('of which a later login has heard never keeps it out, whatever else has happened', () => {
    const command = fc.oneof(
      fc.constant(login()),
      fc.constant(beat()),
      fc.integer({ min: 0, max: 5 }).map((n) => logout(`r${n}`)),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 12 }), (before) => {
        const state = after(before);
        const heard = state.tombstones.map(({ removal }) => removal);
        expect(idsOf(after([login({ heard })], NOW, state))).toEqual(['s']);
      }),
    );
  });
});
