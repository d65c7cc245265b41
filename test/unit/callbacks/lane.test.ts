import fc from 'fast-check';
import { Lane, ROOM } from '../../../lib/callbacks/lane';
import { callback, delivery } from '../../helpers/callback-builders';
import { NOW } from '../../helpers/presence-builders';
import { runs } from '../../helpers/property-runs';

const laneOf = (concurrency: number) => new Lane(callback('c1', { concurrency }));
const rows = (count: number) => Array.from({ length: count }, (_, i) => delivery(`m${i}`));

/** Begins what may be begun. */
function begin(lane: Lane, nowMs = NOW): string[] {
  const begun: string[] = [];
  for (let row = lane.next(nowMs); row; row = lane.next(nowMs)) {
    lane.busy += 1;
    begun.push(row._id);
  }
  return begun;
}

function end(lane: Lane, id: string): void {
  lane.busy -= 1;
  lane.forget(id);
}

describe('a lane', () => {
  test('has as many deliveries under way as its target wants, in their order', () => {
    const lane = laneOf(2);
    for (const row of rows(5)) expect(lane.offer(row)).toBe(true);
    expect(begin(lane)).toEqual(['m0', 'm1']);
    expect(begin(lane)).toEqual([]);
    end(lane, 'm1');
    expect(begin(lane)).toEqual(['m2']);
    lane.callback = callback('c1', { concurrency: 4 });
    expect(begin(lane)).toEqual(['m3', 'm4']);
    lane.callback = callback('c1', { concurrency: 1 });
    for (const id of ['m0', 'm2', 'm3']) end(lane, id);
    expect(lane.offer(delivery('m5'))).toBe(true);
    expect(begin(lane)).toEqual([]);
    end(lane, 'm4');
    expect(begin(lane)).toEqual(['m5']);
  });

  test('never has more under way than its target wants, nor one twice, nor loses one, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ offer: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ end: fc.nat(15) }),
      fc.constant({ clear: true } as const),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.array(step, { maxLength: 200 }), (concurrency, steps) => {
        const lane = laneOf(concurrency);
        const underWay: string[] = [];
        for (const one of steps) {
          if ('offer' in one) lane.offer(delivery(`m${one.offer}`));
          else if ('clear' in one) lane.clear();
          else for (const id of underWay.splice(one.end, 1)) end(lane, id);
          underWay.push(...begin(lane));
          expect(underWay.length).toBeLessThanOrEqual(concurrency);
          expect(new Set(underWay).size).toBe(underWay.length);
          expect(lane.busy).toBe(underWay.length);
        }
        while (underWay.length > 0) {
          end(lane, underWay.shift()!);
          underWay.push(...begin(lane));
        }
        expect(lane.share).toBe(ROOM); // it knows of none any more
      }),
      runs(300),
    );
  });

  test('has bounded room, and says when there is none', () => {
    const lane = laneOf(1);
    const offered = rows(ROOM + 1).map((row) => lane.offer(row));
    expect(offered.filter(Boolean)).toHaveLength(ROOM);
    expect(offered.at(-1)).toBe(false);
    expect(lane.offer(delivery('m0'))).toBe(true);
  });

  test('is open while it could send more than it has', () => {
    const lane = laneOf(2);
    expect(lane.isOpen(NOW)).toBe(true);
    lane.offer(delivery('m0'));
    expect(lane.isOpen(NOW)).toBe(false);
    begin(lane);
    expect(lane.isOpen(NOW)).toBe(true);
    lane.offer(delivery('m1'));
    begin(lane);
    expect(lane.isOpen(NOW)).toBe(false);
  });

  test('stands still while it is paused, and until its target may be asked again', () => {
    const lane = laneOf(2);
    lane.offer(delivery('m0'));
    lane.notBeforeMs = NOW + 1;
    expect([begin(lane), lane.isOpen(NOW)]).toEqual([[], false]);
    lane.callback = callback('c1', { paused: 'asked' });
    expect([begin(lane, NOW + 1), lane.isOpen(NOW + 1)]).toEqual([[], false]);
    lane.callback = callback('c1');
    expect(begin(lane, NOW + 1)).toEqual(['m0']);
  });
});
