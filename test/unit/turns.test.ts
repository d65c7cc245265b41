import { setTimeout as delay } from 'node:timers/promises';
import { Turns } from '../../lib/turns';

describe('turns', () => {
  let turns: Turns;
  let steps: string[];
  beforeEach(() => {
    [turns, steps] = [new Turns(), []];
  });
  const take = (name: string, ms: number, whose?: string) =>
    turns.take(async () => {
      steps.push(`${name} begins`);
      await delay(ms);
      steps.push(`${name} ends`);
      return name;
    }, whose);

  it('come one after the other, in the order they were asked for, and answer', async () => {
    expect(await Promise.all([take('a', 20), take('b', 1), take('c', 0)])).toEqual(['a', 'b', 'c']);
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('do not wait for those of somebody else', async () => {
    await Promise.all([take('a', 20, 'ann'), take('b', 0, 'bob')]);
    expect(steps).toEqual(['a begins', 'b begins', 'b ends', 'a ends']);
  });

  it('that fail say so, and keep nobody from the next', async () => {
    const failed = turns.take(() => Promise.reject(new Error('no room')));
    const thrown = turns.take(() => {
      throw new Error('at once');
    });
    const next = take('next', 0);
    await expect(failed).rejects.toThrow('no room');
    await expect(thrown).rejects.toThrow('at once');
    expect(await next).toBe('next');
  });

  it('are forgotten once they are over', async () => {
    await Promise.all([take('a', 0, 'ann'), take('again', 0, 'ann'), take('b', 0, 'bob')]);
    await delay(1);
    expect(turns.size).toBe(0);
  });
});
