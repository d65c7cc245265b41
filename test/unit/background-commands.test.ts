import type { Batcher } from '../../lib/desk/batcher';
import { batcherOn, coded, fulfilled, HeldFlush, submitAll } from '../helpers/held-flush';

describe('background commands', () => {
  const background = (batcher: Batcher<string, string>, ...commands: string[]) =>
    Promise.allSettled(commands.map((command) => batcher.submit(command, 'background')));

  it('give way to live ones and fill what they leave, up to their share', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held, { maxBatch: 4, maxBackground: 2 });
    const answers = [background(batcher, 'b1', 'b2', 'b3'), submitAll(batcher, 'a1')];
    await held.end();
    await held.end();
    await Promise.all(answers);
    expect(held.batches).toEqual([['a1', 'b1', 'b2'], ['b3']]);
  });

  it('keep their share when live ones would fill every batch', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held, { maxBatch: 3, maxBackground: 1 });
    const answers = [submitAll(batcher, 'a1', 'a2', 'a3', 'a4', 'a5'), background(batcher, 'b1', 'b2')];
    for (let i = 0; i < 3; i++) await held.end();
    await Promise.all(answers);
    expect(held.batches).toEqual([['a1', 'a2', 'b1'], ['a3', 'a4', 'b2'], ['a5']]);
  });

  it('do not make live ones BUSY, and are refused by themselves', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held, { maxQueued: 1 });
    const answers = [background(batcher, 'b1')];
    await expect(batcher.submit('b2', 'background')).rejects.toEqual(coded('BUSY'));
    answers.push(submitAll(batcher, 'a1'));
    expect(batcher.queued).toBe(2);
    await held.end();
    expect(await Promise.all(answers)).toEqual([[fulfilled('b1 done')], [fulfilled('a1 done')]]);
  });
});
