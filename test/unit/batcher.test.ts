import fc from 'fast-check';
import { Batcher } from '../../lib/desk/batcher';
import { answerTo, batcherOn, coded, fulfilled, HeldFlush, submitAll } from '../helpers/held-flush';
import { runs } from '../helpers/property-runs';

describe('group commit', () => {
  it('sends together what is submitted in one turn', async () => {
    const held = new HeldFlush();
    const answers = submitAll(batcherOn(held), 'a', 'b', 'c');
    await held.end();
    expect(await answers).toEqual([fulfilled('a done'), fulfilled('b done'), fulfilled('c done')]);
    expect(held.batches).toEqual([['a', 'b', 'c']]);
  });

  it('sends together in the next flush what arrives during a flush', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held);
    const answers = [submitAll(batcher, 'a')];
    await held.started(1);
    answers.push(submitAll(batcher, 'b'));
    await new Promise(setImmediate);
    answers.push(submitAll(batcher, 'c'));
    expect(batcher.queued).toBe(2);
    await held.end();
    await held.end();
    await Promise.all(answers);
    expect(held.batches).toEqual([['a'], ['b', 'c']]);
  });

  it('answers no caller before its own flush has ended', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held, { maxBatch: 1 });
    const answered: string[] = [];
    const all = Promise.all(['a', 'b'].map(async (command) => answered.push(await batcher.submit(command))));
    await held.started(1);
    expect(answered).toEqual([]);
    await held.end();
    await held.started(2);
    expect(answered).toEqual(['a done']);
    await held.end();
    await all;
  });

  it('runs one flush at a time, in order and within maxBatch, however commands arrive', async () => {
    const arrivals = fc.array(fc.record({ uid: fc.constantFrom('u1', 'u2'), turn: fc.boolean() }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(arrivals, fc.integer({ min: 1, max: 5 }), async (steps, maxBatch) => {
        const batches: string[][] = [];
        let [running, mostRunning] = [0, 0];
        const flush = async (batch: readonly string[]) => {
          batches.push([...batch]);
          mostRunning = Math.max(mostRunning, ++running);
          await new Promise(setImmediate);
          running--;
          return batch.map(answerTo);
        };
        const batcher = new Batcher<string, string>({ flush, maxBatch, maxQueued: 100 });
        const commands = steps.map(({ uid }, i) => `${uid}:${i}`);
        const answers: Promise<string>[] = [];
        for (const [i, { turn }] of steps.entries()) {
          answers.push(batcher.submit(commands[i]!));
          if (turn) await new Promise(setImmediate);
        }
        expect(await Promise.all(answers)).toEqual(commands.map(answerTo));
        expect(batches.flat()).toEqual(commands);
        for (const { length } of batches) expect(length).toBeLessThanOrEqual(maxBatch);
        expect(mostRunning).toBeLessThanOrEqual(1);
      }),
      runs(50),
    );
  });

  it('fills batches up to maxBatch', async () => {
    const held = new HeldFlush();
    const answers = submitAll(batcherOn(held, { maxBatch: 2 }), 'a', 'b', 'c', 'd', 'e');
    for (let i = 0; i < 3; i++) await held.end();
    await answers;
    expect(held.batches).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('serves a caller that submits again as soon as it is answered', async () => {
    const batcher = new Batcher<string, string>({ flush: async (b) => b.map(answerTo), maxBatch: 1, maxQueued: 1 });
    for (let i = 0; i < 50; i++) expect(await batcher.submit(`${i}`)).toBe(`${i} done`);
  });
});

describe('failures', () => {
  it('fails only the caller whose answer is an error', async () => {
    const held = new HeldFlush();
    const answers = submitAll(batcherOn(held), 'a', 'bad', 'c');
    const reason = new Error('no such thing');
    await held.end((command) => (command === 'bad' ? reason : answerTo(command)));
    expect(await answers).toEqual([fulfilled('a done'), { status: 'rejected', reason }, fulfilled('c done')]);
  });

  it('fails the whole batch of a flush that rejects, and no other', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held, { maxBatch: 2 });
    const answers = submitAll(batcher, 'a', 'b', 'c');
    const reason = new Error('store is gone');
    await held.fail(reason);
    await held.end();
    const rejected = { status: 'rejected', reason };
    expect(await answers).toEqual([rejected, rejected, fulfilled('c done')]);
  });

  it('rejects with an Error whatever the flush threw', async () => {
    const held = new HeldFlush();
    const answers = submitAll(batcherOn(held), 'a');
    await held.fail('just a text');
    expect(await answers).toEqual([{ status: 'rejected', reason: new Error('just a text') }]);
  });

  it('survives a flush that throws before it returns a promise', async () => {
    let broken = true;
    const flush = (batch: readonly string[]) => {
      if (broken) throw new Error('at once');
      return Promise.resolve(batch.map(answerTo));
    };
    const batcher = new Batcher<string, string>({ flush, maxBatch: 10, maxQueued: 10 });
    await expect(batcher.submit('a')).rejects.toThrow('at once');
    broken = false;
    expect(await batcher.submit('b')).toBe('b done');
  });
});

describe('back-pressure', () => {
  it('refuses what exceeds maxQueued with BUSY, retryable, and serves what was accepted', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held, { maxQueued: 2 });
    const accepted = submitAll(batcher, 'a', 'b');
    await expect(batcher.submit('c')).rejects.toEqual(coded('BUSY'));
    await held.end();
    expect(await accepted).toEqual([fulfilled('a done'), fulfilled('b done')]);
    expect(held.batches).toEqual([['a', 'b']]);
  });

  it('counts only what waits, not what is in a flush', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held, { maxQueued: 1 });
    const inFlight = submitAll(batcher, 'a');
    await held.started(1);
    const waits = submitAll(batcher, 'b');
    await expect(batcher.submit('c')).rejects.toEqual(coded('BUSY'));
    await held.end();
    await held.started(2);
    const roomAgain = submitAll(batcher, 'd');
    await held.end();
    await held.end();
    expect(await Promise.all([inFlight, waits, roomAgain])).toEqual([
      [fulfilled('a done')],
      [fulfilled('b done')],
      [fulfilled('d done')],
    ]);
  });
});

describe('drain', () => {
  it('ends only when all that was accepted is answered', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held, { maxBatch: 1 });
    const accepted = submitAll(batcher, 'a', 'b');
    let drained = false;
    const draining = batcher.drain().then(() => (drained = true));
    await held.end();
    await held.started(2);
    expect(drained).toBe(false);
    await held.fail(new Error('store is gone'));
    await draining;
    expect((await accepted).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(batcher.queued).toBe(0);
  });

  it('refuses new commands with STOPPING, retryable', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held);
    const accepted = submitAll(batcher, 'a');
    const draining = batcher.drain();
    await expect(batcher.submit('b')).rejects.toEqual(coded('STOPPING'));
    await held.end();
    await draining;
    await expect(batcher.submit('c')).rejects.toEqual(coded('STOPPING'));
    expect(await accepted).toEqual([fulfilled('a done')]);
    expect(held.batches).toEqual([['a']]);
  });

  it('may be called twice, and when nothing ever came', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held);
    const accepted = submitAll(batcher, 'a');
    const draining = Promise.all([batcher.drain(), batcher.drain()]);
    await held.end();
    await draining;
    await batcher.drain();
    expect(await accepted).toEqual([fulfilled('a done')]);
    await expect(batcherOn(held).drain()).resolves.toBeUndefined();
  });

  it('lets what is refused as the last resort wait where the rest is refused, in order, up to a bound', async () => {
    const held = new HeldFlush();
    const batcher = batcherOn(held, { maxQueued: 1 });
    const all = [batcher.submit('a')];
    await held.started(1);
    all.push(batcher.submit('b'));
    await expect(batcher.submit('refused')).rejects.toMatchObject(coded('BUSY'));
    for (let n = 0; n < 15; n++) all.push(batcher.submit(`kept ${n}`, 'live', true));
    await expect(batcher.submit('too many', 'live', true)).rejects.toMatchObject(coded('BUSY'));
    await held.end();
    await held.end();
    await Promise.all(all);
    expect(held.batches[1]).toEqual(['b', ...Array.from({ length: 15 }, (_, n) => `kept ${n}`)]);
  });
});
