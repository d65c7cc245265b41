import type { Command } from '../../domain/commands';
import { CommandLanes } from '../../lib/desk/command-lanes';
import { eventually } from '../helpers/eventually';

const recompute = (uid: string): Command => ({ uid, kind: 'recompute' });
const done = { known: true, applied: true, created: false };
const UIDS = Array.from({ length: 1000 }, (_, i) => `user-${i}`);

describe('lanes of commands', () => {
  it('keep each user in one lane and share users evenly', async () => {
    const batches: string[][] = [];
    const lanes = new CommandLanes({
      lanes: 2,
      maxQueued: 10_000,
      flush: async (batch) => {
        batches.push(batch.map(({ uid }) => uid));
        return batch.map(() => done);
      },
    });
    for (let round = 0; round < 3; round++) await Promise.all(UIDS.map((uid) => lanes.submit(recompute(uid))));
    const [first = [], second = []] = batches;
    expect(Math.min(first.length, second.length)).toBeGreaterThan(400);
    const inFirst = new Set(first);
    for (const batch of batches) expect(new Set(batch.map((uid) => inFirst.has(uid))).size).toBe(1);
  });

  it('flush at the same time, each one batch at a time', async () => {
    const running: (() => void)[] = [];
    const lanes = new CommandLanes({
      lanes: 2,
      maxQueued: 10_000,
      flush: async (batch) => {
        await new Promise<void>((resolve) => running.push(resolve));
        return batch.map(() => done);
      },
    });
    const answers = UIDS.slice(0, 40).map((uid) => lanes.submit(recompute(uid)));
    await eventually(() => expect(running).toHaveLength(2));
    const later = UIDS.slice(0, 40).map((uid) => lanes.submit(recompute(uid)));
    await new Promise(setImmediate);
    expect(running).toHaveLength(2);
    expect(lanes.queued).toBe(40);
    for (const end of running.splice(0)) end();
    await Promise.all(answers);
    await eventually(() => expect(running).toHaveLength(2));
    const drained = lanes.drain();
    for (const end of running.splice(0)) end();
    await Promise.all([...later, drained]);
    expect(lanes.queued).toBe(0);
  });

  it('let no live command wait for what runs in the background, nor stop before it has run', async () => {
    const running: (() => void)[] = [];
    let held = true;
    const lanes = new CommandLanes({
      lanes: 2,
      maxQueued: 10_000,
      flush: async (batch) => {
        if (held && batch.length > 1) await new Promise<void>((resolve) => running.push(resolve));
        return batch.map(() => done);
      },
    });
    const job = Promise.all(UIDS.slice(0, 80).map((uid) => lanes.submit(recompute(uid), 'background')));
    await eventually(() => expect(running).toHaveLength(2));
    for (const uid of UIDS.slice(0, 40)) await lanes.submit(recompute(uid));
    const drained = lanes.drain();
    held = false;
    for (const end of running) end();
    await Promise.all([job, drained]);
    expect(lanes.queued).toBe(0);
  });

  it('refuse by lane, together at maxQueued', async () => {
    const lanes = new CommandLanes({ lanes: 2, maxQueued: 4, flush: async (batch) => batch.map(() => done) });
    const outcomes = await Promise.allSettled(UIDS.slice(0, 40).map((uid) => lanes.submit(recompute(uid))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
  });
});
