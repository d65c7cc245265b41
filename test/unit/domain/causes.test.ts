import { causeOf, stronger } from '../../../domain/causes';
import type { Command } from '../../../domain/commands';
import { decide } from '../../../domain/presence';
import { CAUSES, type Cause, type Session, type Status, type UserRecord } from '../../../domain/types';

const NOW_MS = Date.UTC(2025, 0, 15, 12);
const [PAST, NOW] = [new Date(NOW_MS - 1), new Date(NOW_MS)];
const changed = (cause: Cause, from: Status) => ({ presenceChange: { cause, from, at: NOW } });
const sessions = (status: Status): Session[] => [
  { id: 's', instanceId: 'n', status, _createdAt: NOW, _updatedAt: NOW },
];
const busy: UserRecord = {
  _id: 'u1',
  status: 'busy',
  statusConnection: 'online',
  statusDefault: 'busy',
  statusSource: 'external',
  presenceRev: 7,
};

describe('the cause noted with a change', () => {
  test('stays that of the last change of what is shown when only what is hidden changes', () => {
    const before = { ...busy, ...changed('claim', 'online') };
    const { after } = decide(before, sessions('away'), [], undefined, NOW_MS, 'connection');
    expect(after).toMatchObject({ statusConnection: 'away', ...changed('claim', 'online') });
  });

  test.each<[Cause, Cause]>([
    ['claim', 'claim'],
    ['connection', 'connection'],
    ['node-lost', 'node-lost'],
    ['lease', 'lease'],
    ['import', 'expiry'],
    ['reconcile', 'expiry'],
  ])('of %s, where an expired claim ends as well, is %s', (cause, noted) => {
    const before = { ...busy, statusExpiresAt: PAST };
    const { after } = decide(before, sessions('online'), [], undefined, NOW_MS, cause);
    expect(after).toMatchObject(changed(noted, 'busy'));
  });
});

test.each<[Cause, Command]>([
  ['claim', { uid: 'u', kind: 'claim', claim: { kind: 'clearActive' } }],
  ['import', { uid: 'u', kind: 'identify', identity: { name: 'Ann' } }],
  ['reconcile', { uid: 'u', kind: 'recompute' }],
  ['connection', { uid: 'u', kind: 'session', session: { kind: 'disconnect', session: 's' } }],
  ['connection', { uid: 'u', kind: 'session', session: { kind: 'heartbeat', session: 's', instanceId: 'n' } }],
  ['node-lost', { uid: 'u', kind: 'session', session: { kind: 'dropInstance', instanceId: 'n' } }],
  ['node-lost', { uid: 'u', kind: 'session', session: { kind: 'dropOtherInstances', keep: new Set() } }],
  ['lease', { uid: 'u', kind: 'session', session: { kind: 'dropStale', beforeMs: 0, instances: new Set() } }],
])('%s is the cause of %j', (cause, command) => {
  expect(causeOf(command)).toBe(cause);
});

test('of several causes the one listed first is the stronger, whichever comes first', () => {
  CAUSES.forEach((a, i) => CAUSES.forEach((b, j) => expect(stronger(a, b)).toBe(CAUSES[Math.min(i, j)])));
});
