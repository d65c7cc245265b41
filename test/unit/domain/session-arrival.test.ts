import { applySessionCommand, type SessionCommand } from '../../../domain/sessions';
import type { Session } from '../../../domain/types';
import { connect, heartbeat, NOW, REFRESH_AFTER_MS, SECOND, session } from '../../helpers/presence-builders';

const EARLIER = NOW - 10 * SECOND;
const came = (command: SessionCommand, receivedMs: number) => ({ ...command, receivedMs }) as SessionCommand;
const agedBy = (ms: number, fields: Partial<Session> = {}) =>
  session('s', { _updatedAt: new Date(NOW - ms), ...fields });
const after = (before: readonly Session[], command: SessionCommand) =>
  applySessionCommand(before, command, NOW, REFRESH_AFTER_MS).sessions[0]!;

describe('a call that has waited', () => {
  test.each([connect('s'), heartbeat('s')])('dates a session by when it came ($kind)', (command) => {
    const at = new Date(EARLIER);
    expect(after([], came(command, EARLIER))).toMatchObject({ _createdAt: at, _updatedAt: at });
    expect(after([agedBy(REFRESH_AFTER_MS + 10 * SECOND)], came(command, EARLIER))._updatedAt).toEqual(at);
  });

  test('does not set back a lease that was written since', () => {
    const known = after([agedBy(SECOND, { status: 'away' })], came(connect('s'), EARLIER));
    expect(known).toMatchObject({ status: 'online', _updatedAt: new Date(NOW - SECOND) });
  });
});

test('a login is dated, however young the lease is: another process may use the same id', () => {
  expect(after([agedBy(SECOND)], came(connect('s'), NOW))._updatedAt).toEqual(new Date(NOW));
  const before = [agedBy(0)];
  expect(after(before, came(connect('s'), NOW))).toBe(before[0]);
});
