import { inspect } from 'node:util';
import EJSON from 'ejson';
import fc from 'fast-check';
import { EjsonSerializer } from '../../lib/wire/serializer';
import { unchanging } from '../../lib/reads/unchanging';
import { runs } from '../helpers/property-runs';

const serializer = new EjsonSerializer();
const shown = (value: unknown) => inspect(value, { depth: null });
const ejson = (value: object) => EJSON.stringify(value);

/** As text, for jest takes two invalid dates for different; what fails, by its message. */
function outcome(read: () => unknown): string {
  try {
    return shown(read());
  } catch (error) {
    return `fails: ${String(error)}`;
  }
}

/** EJSON fails on some of what may stand under this key; see below for what it does with others. */
const safeKey = fc.string().filter((key) => key !== '__proto__');
/** Whatever a packet may hold, keys and values that EJSON writes in a way of its own among them. */
const packets = fc.dictionary(
  fc.oneof(safeKey, fc.constantFrom('$date', '$type', '$escape', '$binary', 'a"$b')),
  fc.anything({
    withDate: true,
    withNullPrototype: true,
    withTypedArray: false,
    withSparseArray: true,
    key: fc.oneof(safeKey, fc.constantFrom('$date', '$x')),
    values: [
      fc.string(),
      fc.constantFrom('"$date"', '$', '{"$date":1}'),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constantFrom(null, undefined, NaN, Infinity, -0),
      fc.date({ noInvalidDate: false }),
      fc.uint8Array(),
    ],
  }),
);

describe('the serializer', () => {
  it('writes EJSON’s text to the byte', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(serializer.serialize(packet).toString()).toBe(ejson(packet));
      }),
      runs(2000),
    );
  });

  it('reads what EJSON reads, and refuses what that refuses', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const text = ejson(packet);
        expect(outcome(() => serializer.deserialize(Buffer.from(text)))).toBe(outcome(() => EJSON.parse(text)));
      }),
      { ...runs(2000), examples: [[{ '': undefined, $binary: {} }]] },
    );
  });

  it('writes values that never change the same, the first time and from what it remembers', () => {
    const entries = fc.array(packets, { minLength: 1 }).map((data) => data.map((one) => unchanging(one)));
    fc.assert(
      fc.property(packets, entries, packets, (before, data, after) => {
        const packet = { ...before, data, ...after };
        const text = ejson(packet);
        for (const time of ['first', 'second']) {
          expect([time, serializer.serialize(packet).toString()]).toEqual([time, text]);
        }
      }),
      runs(),
    );
  });

  it('writes what never changes once', () => {
    let asked = 0;
    const value = unchanging({
      get uid() {
        asked += 1;
        return 'u';
      },
    });
    const texts = [1, 2, 3].map((id) => serializer.serialize({ id, data: [value, value] }).toString());
    expect(texts).toEqual([1, 2, 3].map((id) => `{"id":${id},"data":[{"uid":"u"},{"uid":"u"}]}`));
    // Once to look whether it is JSON, once to write it.
    expect(asked).toBe(2);
  });

  it('treats __proto__ as EJSON does', () => {
    const text = '{"a":{"__proto__":{"x":1}}}';
    const [ours, theirs] = [serializer.deserialize(Buffer.from(text)), EJSON.parse(text) as object];
    expect(JSON.stringify(ours)).toBe(JSON.stringify(theirs));
    expect(serializer.serialize(JSON.parse(text) as object).toString()).toBe(ejson(JSON.parse(text) as object));
  });

  it('brings dates, binary and undefined in arrays across as Rocket.Chat does (contract 1.3)', () => {
    const packet = { at: new Date(5), bytes: new Uint8Array([1, 2]), args: ['a', undefined, null], gone: undefined };
    const text = serializer.serialize(packet).toString();
    expect(text).toBe('{"at":{"$date":5},"bytes":{"$binary":"AQI="},"args":["a",null,null]}');
    expect(serializer.deserialize(Buffer.from(text))).toEqual({
      at: new Date(5),
      bytes: packet.bytes,
      args: ['a', null, null],
    });
  });
});
