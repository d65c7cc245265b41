import fc from 'fast-check';
import { byBytes, UserOrder } from '../../../lib/store/user-order';
import { STATUSES, type UserRecord } from '../../../domain/types';
import { userRecord } from '../../helpers/presence-builders';
import { runs } from '../../helpers/property-runs';

fc.configureGlobal(runs(100));

const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const texts = fc.string({ unit: 'binary', maxLength: 4 });

it('compares ids as a database does', () => {
  fc.assert(fc.property(texts, texts, (a, b) => expect(Math.sign(byBytes(a, b))).toBe(bytes(a, b))));
  expect(byBytes('\u{1f600}', '\uffee')).toBe(1); // the other way round by JavaScript's own order
});

it('answers what sorting and filtering all of them would, while users come and change', () => {
  const users = fc.array(fc.tuple(texts, fc.constantFrom(...STATUSES, undefined)), { maxLength: 20 });
  const asked = fc.record({ after: fc.option(texts, { nil: undefined }), status: fc.constantFrom(...STATUSES) });
  fc.assert(
    fc.property(fc.array(fc.tuple(users, asked, fc.integer({ min: 1, max: 5 }))), (steps) => {
      const kept = new Map<string, UserRecord>();
      const order = new UserOrder(kept);
      for (const [come, { after, status }, limit] of steps) {
        for (const [id, shown] of come) kept.set(id, userRecord(id, { status: shown }));
        const due = [...kept.values()]
          .filter((user) => user.status === status && (after === undefined || bytes(user._id, after) > 0))
          .sort((a, b) => bytes(a._id, b._id));
        expect(order.list({ statuses: [status], after }, limit)).toEqual(due.slice(0, limit));
      }
    }),
  );
});
