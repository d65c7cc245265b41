import fc from 'fast-check';
import { byDue, DueOrder, type Due } from '../../../lib/store/due-order';
import { runs } from '../../helpers/property-runs';

const row = (id: number, ms: number): Due => ({ _id: `m${id}`, dueAt: new Date(ms) });
const anyRow = fc.tuple(fc.nat(20), fc.nat(20));

describe('rows in the order they are due', () => {
  test('are those that a sort finds, whatever came, changed and went before', () => {
    const step = fc.oneof(
      fc.record({ put: anyRow }),
      fc.record({ remove: fc.nat(20) }),
      fc.record({ nowMs: fc.nat(25), limit: fc.integer({ min: 1, max: 8 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const order = new DueOrder<Due>();
        const kept = new Map<string, Due>();
        for (const one of steps) {
          if ('put' in one) {
            const put = row(...one.put);
            kept.set(put._id, put);
            order.push(put);
          } else if ('remove' in one) {
            kept.delete(`m${one.remove}`);
          } else {
            const { nowMs, limit } = one;
            const due = [...kept.values()].filter(({ dueAt }) => dueAt.getTime() <= nowMs).sort(byDue);
            expect(order.first(nowMs, limit, (found) => kept.get(found._id) === found)).toEqual(due.slice(0, limit));
          }
        }
      }),
      runs(),
    );
  });

  test('are each there once, also one that was put in twice', () => {
    const order = new DueOrder<Due>();
    const [one, two] = [row(1, 5), row(2, 5)];
    for (const put of [two, one, two, one]) order.push(put);
    for (let i = 0; i < 3; i++) expect(order.first(5, 10, () => true)).toEqual([one, two]);
  });

  test('of a long backlog are found without looking at it', () => {
    const order = new DueOrder<Due>();
    for (let i = 0; i < 50_000; i++) order.push(row(i, (i * 7919) % 50_000));
    let looks = 0;
    expect(order.first(1e9, 10, () => ++looks > 0).map(({ dueAt }) => dueAt.getTime())).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect(looks).toBe(10);
  });
});
