import { applySessionCommand } from '../../../domain/sessions';
import type { Session } from '../../../domain/types';

const NOW_MS = Date.UTC(2025, 0, 15, 12);
const LEASE_MS = 150_000;
const session = (id: string, instanceId: string, ageMs: number): Session => {
  const at = new Date(NOW_MS - ageMs);
  return { id, instanceId, status: 'online', _createdAt: at, _updatedAt: at };
};
const dropStale = (sessions: readonly Session[], ...instances: string[]) =>
  applySessionCommand(
    sessions,
    { kind: 'dropStale', beforeMs: NOW_MS - LEASE_MS, instances: new Set(instances) },
    NOW_MS,
    0,
  );

describe('sessions whose lease is over', () => {
  test('are dropped, those that were refreshed later are kept', () => {
    const [over, young] = [session('over', 'n', LEASE_MS), session('young', 'n', LEASE_MS - 1)];
    expect(dropStale([over, young], 'n')).toEqual({ sessions: [young], found: true });
  });

  test('are kept where their instance does not send heartbeats (design invariant 6)', () => {
    const sessions = [session('old', 'silent', 10 * LEASE_MS)];
    const outcome = dropStale(sessions, 'other');
    expect(outcome.sessions).toBe(sessions);
    expect(outcome.found).toBe(false);
  });

  test('are those without a time too', () => {
    const timeless = { ...session('junk', 'n', 0), _updatedAt: undefined } as unknown as Session;
    expect(dropStale([timeless], 'n').sessions).toEqual([]);
  });
});
