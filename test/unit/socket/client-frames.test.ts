import { MAX_IDS, readFrame } from '../../../lib/socket/client-frames';
import type { SocketError } from '../../../lib/socket/socket-errors';

const read = (frame: unknown) => readFrame(Buffer.from(JSON.stringify(frame)), false);

function refusal(take: () => unknown): { code?: string; id?: string } {
  try {
    take();
  } catch (error) {
    const { code, id } = error as SocketError;
    return id === undefined ? { code } : { code, id };
  }
  return {};
}

test('frames as documented', () => {
  expect(read({ op: 'auth', token: 't' })).toEqual({ op: 'auth', token: 't' });
  expect(read({ op: 'ping', more: 1 })).toEqual({ op: 'ping' });
  expect(read({ op: 'unsubscribe' })).toEqual({ op: 'unsubscribe' });
  expect(read({ op: 'subscribe', uids: 'all' })).toEqual({ op: 'subscribe', whom: 'all' });
  expect(read({ op: 'subscribe', id: 'x', uids: ['b', 'a', 'b'], since: 'E.1' })).toEqual({
    op: 'subscribe',
    id: 'x',
    whom: ['b', 'a'],
    since: 'E.1',
  });
  expect(read({ op: 'subscribe', id: null, uids: ['a'], since: null })).toEqual({ op: 'subscribe', whom: ['a'] });
});

test.each([['{'], ['null'], ['[]'], ['1'], ['"ping"'], ['{}'], ['{"op":1}'], [''], ['\ufeff{"op":"ping"}']])(
  'no frame: %j',
  (text) => {
    expect(refusal(() => readFrame(Buffer.from(text), false))).toEqual({ code: 'BAD_FRAME' });
  },
);

test('binary is no frame, whatever is in it', () => {
  expect(refusal(() => readFrame(Buffer.from('{"op":"ping"}'), true))).toEqual({ code: 'BAD_FRAME' });
});

test.each([
  [{ op: 'toString' }, 'UNKNOWN_OP'],
  [{ op: '__proto__' }, 'UNKNOWN_OP'],
  [{ op: 'auth' }, 'INVALID_ARGUMENT'],
  [{ op: 'auth', token: '' }, 'INVALID_ARGUMENT'],
  [{ op: 'auth', token: 'x'.repeat(4_097) }, 'INVALID_ARGUMENT'],
  [{ op: 'auth', token: ['t'] }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe' }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: [] }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: 'some' }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: { 0: 'a', length: 1 } }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: ['a', ''] }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: ['a', 1] }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: ['__proto__'] }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: ['x'.repeat(257)] }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: 'all', since: 7 }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: 'all', since: 'x'.repeat(65) }, 'INVALID_ARGUMENT'],
  [{ op: 'subscribe', uids: Array.from({ length: MAX_IDS + 1 }, (_, i) => `u${i}`) }, 'TOO_MANY_IDS'],
])('%j is refused', (frame, code) => {
  expect(refusal(() => read(frame))).toEqual({ code });
});

test('a refusal names the subscription that was asked for', () => {
  expect(refusal(() => read({ op: 'subscribe', id: 'mine', uids: [] }))).toEqual({
    code: 'INVALID_ARGUMENT',
    id: 'mine',
  });
});
