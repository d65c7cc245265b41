import { randomBytes } from 'node:crypto';

/** Numbers from a seed: what has failed once can be done again. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Below = (below: number) => number;

/** A message, in one or more fragments. */
export interface RandomMessage {
  readonly parts: readonly (string | Buffer)[];
  readonly isBinary: boolean;
}

const GOOD = [
  { op: 'ping' },
  { op: 'unsubscribe' },
  { op: 'auth', token: 'nobody-has-this-token' },
  { op: 'subscribe', id: 'x', uids: 'all' },
  { op: 'subscribe', uids: ['u1', 'u2', 'nobody'], since: 'AAAAAAAA.3' },
];
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  'all',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  'x'.repeat(300),
  [],
  [[]],
  {},
  { length: 3 },
  [null],
  ['a', 1],
  Array(300).fill('u1'),
];
const NAMES = ['op', 'id', 'uids', 'since', 'token', '__proto__', 'constructor', 'toString', 'then', ''];
const OPS = ['auth', 'subscribe', 'unsubscribe', 'ping', 'hello', 'toString', '', 7, null];
const HUGE_BYTES = 300 * 1024;

const anyOf = <T>(below: Below, list: readonly T[]): T => list[below(list.length)]!;

/** Something that is no frame, or nearly one. */
export function randomMessage(below: Below): RandomMessage {
  const text = (value: string | Buffer, isBinary = false): RandomMessage => ({ parts: [value], isBinary });
  switch (below(10)) {
    case 0:
      return text(randomBytes(below(200)), true);
    case 1:
      // Of a text frame: what is no UTF-8 ends the connection, as the protocol says.
      return text(randomBytes(below(4) === 0 ? 20 : below(2)));
    case 2: {
      const whole = JSON.stringify(anyOf(below, GOOD));
      return text(whole.slice(0, below(whole.length)));
    }
    case 3:
      return text(JSON.stringify(anyOf(below, VALUES)));
    case 4:
    case 5:
    case 6:
      return text(JSON.stringify(wrong(below)));
    case 7:
      return text(below(20) === 0 ? `"${'x'.repeat(HUGE_BYTES)}"` : '['.repeat(below(5_000)));
    case 8: {
      const whole = JSON.stringify(below(2) ? wrong(below) : anyOf(below, GOOD));
      const at = below(whole.length);
      return { parts: [whole.slice(0, at), '', whole.slice(at)], isBinary: below(4) === 0 };
    }
    default:
      return text(JSON.stringify(anyOf(below, GOOD)));
  }
}

/** An object with fields of any kind. */
function wrong(below: Below): Record<string, unknown> {
  const fields: [string, unknown][] = [['op', anyOf(below, OPS)]];
  for (let i = below(4); i > 0; i--) fields.push([anyOf(below, NAMES), anyOf(below, VALUES)]);
  return Object.fromEntries(fields);
}

/** Bytes in place of a frame: other opcodes, lengths that are not so, no mask, reserved bits, a frame that ends early. */
export function randomBytesOfAFrame(below: Below): Buffer {
  const head = Buffer.from([below(256), below(256)]);
  return Buffer.concat([head, randomBytes(below(40))]);
}
