import { LeaseMemory } from '../../lib/replicas/lease-memory';

const NOW = 1_000_000;

describe('lease memory', () => {
  let memory: LeaseMemory;
  beforeEach(() => {
    memory = new LeaseMemory();
  });
  const remember = (session: string, mark = memory.mark()) => memory.remember('ann', session, NOW + 10, mark);

  it('knows a session of a user until its lease is to be written again', () => {
    remember('a');
    expect(memory.knows('ann', 'a', NOW)).toBe(true);
    expect(memory.knows('ann', 'a', NOW + 10)).toBe(false);
    expect(memory.knows('bob', 'a', NOW)).toBe(false);
    expect(memory.knows('ann', 'b', NOW)).toBe(false);
  });

  it('forgets the sessions it is told, or all', () => {
    for (const session of ['a', 'b', 'c']) remember(session);
    memory.forget(['a']);
    expect(['a', 'b', 'c'].map((session) => memory.knows('ann', session, NOW))).toEqual([false, true, true]);
    memory.forget('all');
    expect(['b', 'c'].map((session) => memory.knows('ann', session, NOW))).toEqual([false, false]);
  });

  it.each([['the session', ['a']] as const, ['all', 'all'] as const])(
    'does not remember what was read before %s was forgotten',
    (_what, forgotten) => {
      const mark = memory.mark();
      memory.forget(forgotten);
      remember('a', mark);
      expect(memory.knows('ann', 'a', NOW)).toBe(false);
      remember('a');
      expect(memory.knows('ann', 'a', NOW)).toBe(true);
    },
  );

  it('remembers what was read before another session was forgotten', () => {
    const mark = memory.mark();
    memory.forget(['b']);
    remember('a', mark);
    expect(memory.knows('ann', 'a', NOW)).toBe(true);
  });

  it('lets go of what is of no use, and of the reading in flight with it', () => {
    remember('a');
    memory.forget(['b']);
    const mark = memory.mark();
    memory.prune(NOW + 10);
    expect(memory.size).toBe(0);
    remember('b', mark);
    expect(memory.size).toBe(0);
    remember('b');
    expect(memory.size).toBe(1);
  });
});
