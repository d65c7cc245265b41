import { applyAllToStored, LOST_KEPT_MS, MAX_LOST, NO_LOST, type StoredSessions } from '../../../domain/lost-sessions';
import { NO_TOMBSTONES } from '../../../domain/removals';
import type { SessionCommand } from '../../../domain/sessions';
import {
  away,
  connect,
  disconnect,
  heartbeat,
  MINUTE,
  NOW,
  REFRESH_AFTER_MS,
  SECOND,
} from '../../helpers/presence-builders';

const NOTHING: StoredSessions = { sessions: [], tombstones: NO_TOMBSTONES, lost: NO_LOST };
const after = (before: StoredSessions, atMs: number, ...commands: SessionCommand[]) =>
  applyAllToStored(before, commands, NOW + atMs, REFRESH_AFTER_MS);
const lose = (process = 'A', beforeMs?: number): SessionCommand => ({
  kind: 'dropInstance',
  instanceId: 'node1',
  process,
  beforeMs,
});
const drop: SessionCommand = { kind: 'dropInstance', instanceId: 'node1' };
const restore = (process = 'A', instanceId = 'node1'): SessionCommand => ({
  kind: 'restoreInstance',
  instanceId,
  process,
});
const ids = ({ sessions }: StoredSessions) => sessions.map(({ id }) => id);

/** Two sessions of a node that was lost, one of them away, and one of another. */
const up = after(NOTHING, 0, connect('s'), connect('t'), away('t'), connect('other', 'node2'));
const lost = after(up, MINUTE, lose());

describe('sessions lost with their node', () => {
  it('are not there, and are restored as they were when the same process is back, with a whole lease', () => {
    expect(ids(lost)).toEqual(['other']);
    const back = after(lost, 2 * MINUTE, restore());
    const at = new Date(NOW + 2 * MINUTE);
    expect(back.sessions).toEqual([
      ...up.sessions.slice(2),
      ...up.sessions.slice(0, 2).map((one) => ({ ...one, _updatedAt: at })),
    ]);
    expect([back.lost, back.found]).toEqual([[], [true]]);
    expect(after(back, 2 * MINUTE, restore()).found).toEqual([false]);
  });

  it.each([
    ['another process', restore('B')],
    ['another node', restore('A', 'node2')],
  ])('are not restored for %s', (_name, command) => {
    const outcome = after(lost, 2 * MINUTE, command);
    expect(outcome).toMatchObject({ ...lost, found: [false] });
    expect(outcome.lost).toBe(lost.lost);
  });

  it('are restored within an hour, and not later', () => {
    expect(ids(after(lost, MINUTE + LOST_KEPT_MS - 1, restore()))).toEqual(['other', 's', 't']);
    expect(ids(after(lost, MINUTE + LOST_KEPT_MS, restore()))).toEqual(['other']);
  });

  it.each([
    ['a logout', [disconnect('s')], ['other', 't']],
    ['the removal of all sessions of the node', [drop], ['other']],
    [
      'the removal of all sessions of nodes that are not there',
      [{ kind: 'dropOtherInstances', keep: new Set(['node2']) }],
      ['other'],
    ],
    ['a new login', [connect('s', 'node2')], ['other', 's', 't']],
  ] as const)('are what %s meanwhile makes of them', (_name, commands, expected) => {
    expect(ids(after(after(lost, MINUTE, ...(commands as readonly SessionCommand[])), 2 * MINUTE, restore()))).toEqual(
      expected,
    );
  });

  it('stay lost while their node is lost again, and are restored together', () => {
    const twice = after(after(lost, MINUTE, connect('u')), 2 * MINUTE, lose());
    expect(ids(after(twice, 3 * MINUTE, restore()))).toEqual(['other', 's', 't', 'u']);
  });

  it('are restored by their own heartbeats, too, which may come first', () => {
    const back = after(lost, 2 * MINUTE, heartbeat('t'));
    expect(back.sessions.at(-1)).toMatchObject({ id: 't', status: 'away', _updatedAt: new Date(NOW + 2 * MINUTE) });
    expect(ids(after(back, 2 * MINUTE, restore()))).toEqual(['other', 't', 's']);
  });

  it('come back with a status that was told meanwhile', () => {
    const told = after(lost, 2 * MINUTE, away('s'));
    expect(told.found).toEqual([false]);
    expect(after(told, 2 * MINUTE, restore()).sessions.find(({ id }) => id === 's')!.status).toBe('away');
  });

  it('are those only that were dropped: what was written since stays', () => {
    const newer = after(up, SECOND, connect('new'));
    const partly = after(newer, 2 * SECOND, lose('A', NOW + SECOND));
    expect(ids(partly)).toEqual(['other', 'new']);
    expect(partly.lost.map(({ id }) => id)).toEqual(['s', 't']);
  });

  it('are not kept of a node that tells no process, and are bounded', () => {
    expect(after(up, SECOND, drop).lost).toBe(NO_LOST);
    const many = Array.from({ length: 3 * MAX_LOST }, (_, i) => connect(`s${i}`));
    expect(after(NOTHING, 0, ...many, lose()).lost).toHaveLength(MAX_LOST);
  });

  it('are let go of with the next change once they are over, and change nothing before', () => {
    const later = after(lost, MINUTE + LOST_KEPT_MS, heartbeat('other'));
    expect(later.lost).toEqual([]);
    expect(after(lost, MINUTE + SECOND, heartbeat('other')).lost).toBe(lost.lost);
  });
});
