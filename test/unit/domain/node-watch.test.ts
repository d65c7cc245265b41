import { NodeWatch, type NodeSeen } from '../../../domain/node-watch';

const SECOND = 1000;
const RULES = {
  heartbeatTimeoutMs: 30 * SECOND,
  quietAfterMs: 15 * SECOND,
  graceMs: 2 * SECOND,
  leaseMs: 150 * SECOND,
};
const NODES = ['a', 'b', 'c', 'd', 'e'];
const alive = (...ids: string[]): NodeSeen[] => ids.map((id) => ({ id, available: true, silentMs: SECOND }));
const quiet = (...ids: string[]): NodeSeen[] => ids.map((id) => ({ id, available: true, silentMs: 20 * SECOND }));
const lost = (...ids: string[]): NodeSeen[] => ids.map((id) => ({ id, available: false, silentMs: 40 * SECOND }));
const silent = (...ids: string[]): NodeSeen[] => ids.map((id) => ({ id, available: true, silentMs: 31 * SECOND }));

/** A watch that has seen all nodes for long enough to be believed. */
function watching(): { watch: NodeWatch; nowMs: number } {
  const watch = new NodeWatch(RULES, 0);
  watch.look(alive(...NODES), 0);
  watch.look(alive(...NODES), RULES.heartbeatTimeoutMs);
  return { watch, nowMs: RULES.heartbeatTimeoutMs };
}

describe('a node that is lost', () => {
  test('is due after the grace, and not before', () => {
    const { watch, nowMs } = watching();
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], nowMs);
    expect(watch.due(nowMs + RULES.graceMs - 1)).toEqual([]);
    expect(watch.due(nowMs + RULES.graceMs)).toEqual(['a']);
    watch.settled('a');
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], nowMs + 10 * SECOND);
    expect(watch.due(nowMs + RULES.leaseMs)).toEqual([]);
  });

  test.each([
    ['is silent for the heartbeat time-out, though nobody has said that it is lost', silent('a')],
    ['is no longer listed', []],
  ])('is one that %s', (_name, seen) => {
    const { watch, nowMs } = watching();
    watch.look([...alive('b', 'c', 'd', 'e'), ...seen], nowMs);
    expect(watch.due(nowMs + RULES.graceMs)).toEqual(['a']);
  });

  test('keeps its sessions when it is back within the grace', () => {
    const { watch, nowMs } = watching();
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], nowMs);
    watch.look(alive(...NODES), nowMs + SECOND);
    expect(watch.due(nowMs + RULES.leaseMs)).toEqual([]);
  });

  test('is lost anew, with a grace of its own, when it goes again', () => {
    const { watch, nowMs } = watching();
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], nowMs);
    watch.settled('a');
    watch.look(alive(...NODES), nowMs + SECOND);
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], nowMs + 2 * SECOND);
    expect(watch.due(nowMs + 3 * SECOND)).toEqual([]);
    expect(watch.due(nowMs + 4 * SECOND)).toEqual(['a']);
  });

  test('is nobody who was never seen', () => {
    const { watch, nowMs } = watching();
    watch.look([...alive(...NODES), ...lost('x')], nowMs);
    expect(watch.due(nowMs + RULES.leaseMs)).toEqual([]);
  });
});

describe('a node that leaves', () => {
  test('is due at once', () => {
    const { watch, nowMs } = watching();
    watch.left('a', nowMs);
    expect(watch.due(nowMs)).toEqual(['a']);
  });

  test('is due at once also before the others could all be heard of', () => {
    const watch = new NodeWatch(RULES, 0);
    watch.left('a', SECOND);
    expect(watch.due(SECOND)).toEqual(['a']);
  });

  test('is not due when it is back', () => {
    const { watch, nowMs } = watching();
    watch.left('a', nowMs);
    watch.look(alive(...NODES), nowMs + 1);
    expect(watch.due(nowMs + 1)).toEqual([]);
  });
});

describe('right after the start', () => {
  test('nobody is lost before one heartbeat time-out has passed', () => {
    const watch = new NodeWatch(RULES, 0);
    watch.look(alive('a', 'b', 'c'), 0);
    watch.look([...alive('b', 'c'), ...lost('a')], 29 * SECOND);
    expect(watch.isTrusted(29 * SECOND)).toBe(false);
    expect(watch.due(29 * SECOND + RULES.graceMs)).toEqual([]);
    watch.look([...alive('b', 'c'), ...lost('a')], 30 * SECOND);
    expect(watch.due(32 * SECOND)).toEqual(['a']);
  });

  test('a node that was never seen is due at once, or after a lease when nobody was seen', () => {
    const { watch, nowMs } = watching();
    watch.missing('x', false, nowMs);
    watch.missing('y', true, nowMs);
    expect(watch.due(nowMs)).toEqual(['x']);
    expect(watch.due(nowMs + RULES.leaseMs)).toEqual(['x', 'y']);
  });
});

describe('an instance that is stored and that the bus has not shown', () => {
  const SILENT_MS = RULES.heartbeatTimeoutMs + RULES.graceMs;
  const since = (ms: number, ...ids: string[]) => new Map(ids.map((id) => [id, ms]));

  test('is due once nothing was written of it for the heartbeat time-out and the grace, and not before', () => {
    const { watch, nowMs } = watching();
    expect(watch.unseen(since(SILENT_MS - 1, 'x'), false, nowMs)).toEqual([]);
    expect(watch.unseen(since(SILENT_MS, 'x'), false, nowMs)).toEqual(['x']);
  });

  test('is looked for all the time: each time it is stored anew it is due anew', () => {
    const { watch, nowMs } = watching();
    for (let hour = 1; hour < 4; hour++) {
      expect(watch.unseen(since(SILENT_MS, 'x'), false, nowMs + hour * 3600 * SECOND)).toEqual(['x']);
      watch.settled('x');
    }
  });

  test('is not due while what is seen may not be believed', () => {
    const { watch, nowMs } = watching();
    watch.distrust();
    expect(watch.unseen(since(SILENT_MS, 'x'), false, nowMs + SECOND)).toEqual([]);
    watch.trustAgain(nowMs + SECOND);
    expect(watch.unseen(since(SILENT_MS, 'x'), false, nowMs + RULES.heartbeatTimeoutMs)).toEqual([]);
    expect(watch.unseen(since(SILENT_MS, 'x'), false, nowMs + SECOND + RULES.heartbeatTimeoutMs)).toEqual(['x']);
    expect(new NodeWatch(RULES, 0).unseen(since(SILENT_MS, 'x'), false, SECOND)).toEqual([]);
  });

  test('has a lease where no other node is seen, which ends when one is', () => {
    const { watch, nowMs } = watching();
    expect(watch.unseen(since(SILENT_MS, 'x', 'y'), true, nowMs)).toEqual([]);
    expect(watch.unseen(since(SILENT_MS, 'x', 'y'), true, nowMs + RULES.leaseMs - 1)).toEqual([]);
    expect(watch.unseen(since(SILENT_MS, 'x'), false, nowMs + RULES.leaseMs - 1)).toEqual(['x']);
    expect(watch.unseen(since(SILENT_MS, 'x', 'y'), true, nowMs + RULES.leaseMs)).toEqual(['x']);
  });

  test('is not missing any more once something is written of it, or the bus shows it', () => {
    const { watch, nowMs } = watching();
    watch.unseen(since(SILENT_MS, 'x', 'y'), true, nowMs);
    watch.unseen(since(SECOND, 'x', 'y'), true, nowMs + SECOND);
    expect([...watch.pending.keys()]).toEqual([]);
    watch.unseen(since(SILENT_MS, 'x'), true, nowMs + 2 * SECOND);
    watch.look(alive(...NODES, 'x'), nowMs + 3 * SECOND);
    expect([...watch.pending.keys()]).toEqual([]);
  });

  test('is none that the bus has shown: its loss has a grace, or is doubted', () => {
    const { watch, nowMs } = watching();
    expect(watch.unseen(since(SILENT_MS, 'a'), false, nowMs)).toEqual([]);
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], nowMs);
    expect(watch.unseen(since(SILENT_MS, 'a'), false, nowMs)).toEqual([]);
    expect(watch.due(nowMs + RULES.graceMs)).toEqual(['a']);
  });
});

describe('while our own bus is down', () => {
  test('nothing is due, neither what was lost before nor what seems lost now', () => {
    const { watch, nowMs } = watching();
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], nowMs);
    watch.distrust();
    watch.look(lost(...NODES), nowMs + 60 * SECOND);
    expect(watch.due(nowMs + RULES.leaseMs)).toEqual([]);
  });

  test('everybody has one heartbeat time-out to be back, then who is not is lost', () => {
    const { watch, nowMs } = watching();
    watch.distrust();
    watch.look(lost(...NODES), nowMs + 100 * SECOND);
    const backMs = nowMs + 200 * SECOND;
    watch.trustAgain(backMs);
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], backMs + 29 * SECOND);
    expect(watch.due(backMs + 29 * SECOND + RULES.graceMs)).toEqual([]);
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], backMs + 30 * SECOND);
    expect(watch.due(backMs + 32 * SECOND)).toEqual(['a']);
  });

  test('a node that had left before is due when the bus is back', () => {
    const { watch, nowMs } = watching();
    watch.left('a', nowMs);
    watch.distrust();
    expect(watch.due(nowMs + SECOND)).toEqual([]);
    watch.trustAgain(nowMs + 2 * SECOND);
    expect(watch.due(nowMs + 2 * SECOND)).toEqual(['a']);
  });

  test('a return that follows no loss changes nothing', () => {
    const { watch, nowMs } = watching();
    watch.trustAgain(nowMs);
    expect(watch.isTrusted(nowMs)).toBe(true);
  });
});

describe('losing most nodes at once while the bus seems up', () => {
  test('is doubted: their sessions get a lease', () => {
    const { watch, nowMs } = watching();
    watch.look([...alive('d', 'e'), ...lost('a', 'b', 'c')], nowMs);
    expect(watch.due(nowMs + RULES.leaseMs - 1)).toEqual([]);
    expect(watch.due(nowMs + RULES.leaseMs)).toEqual(['a', 'b', 'c']);
  });

  test('is seen with the first that is lost, when most others have been silent too', () => {
    const { watch, nowMs } = watching();
    watch.look([...alive('e'), ...quiet('b', 'c', 'd'), ...lost('a')], nowMs);
    expect(watch.due(nowMs + RULES.graceMs)).toEqual([]);
  });

  test('ends when the others are back: who is still missing then is lost', () => {
    const { watch, nowMs } = watching();
    watch.look(lost(...NODES), nowMs);
    watch.look([...alive('b', 'c', 'd', 'e'), ...lost('a')], nowMs + 20 * SECOND);
    expect(watch.due(nowMs + 49 * SECOND)).toEqual([]);
    expect(watch.due(nowMs + 50 * SECOND)).toEqual(['a']);
  });

  test('is no matter of doubt with one node: then it is lost', () => {
    const watch = new NodeWatch(RULES, 0);
    watch.look(alive('a'), 0);
    watch.look(lost('a'), 30 * SECOND);
    expect(watch.due(32 * SECOND)).toEqual(['a']);
  });

  test('does not make a leave doubtful', () => {
    const { watch, nowMs } = watching();
    for (const id of NODES) watch.left(id, nowMs);
    watch.look(lost(...NODES), nowMs);
    expect(watch.due(nowMs)).toEqual(NODES);
  });
});
