import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ErrorWire } from '../../lib/wire/error-wire';
import { ERROR_CODES, MeteorError, PresenceError } from '../../lib/wire/errors';

describe('errors', () => {
  test('docs/API.md lists every code with its number and whether it is retryable, and no other', () => {
    const document = readFileSync(path.join(__dirname, '../../docs/API.md'), 'utf8');
    const rows = [...document.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (yes|no) \|/gm)];
    const documented: Record<string, unknown> = {};
    for (const [, code, status, retryable] of rows) {
      documented[code!] = { status: Number(status), retryable: retryable === 'yes' };
    }
    expect(documented).toEqual(ERROR_CODES);
  });

  test('a typed error carries its code, number and whether to try again', () => {
    expect(new PresenceError('BUSY', 'text')).toMatchObject({
      type: 'BUSY',
      code: 503,
      retryable: true,
      message: 'text',
    });
  });

  test('a Meteor error reads as Rocket.Chat’s do', () => {
    const error = new MeteorError('error-x', 'Some reason', { method: 'm' });
    expect(error.message).toBe('Some reason [error-x]');
    const plain = new ErrorWire();
    plain.init({ nodeID: 'n' } as never);
    expect(plain.extractPlainError(error)).toMatchObject({
      name: 'Error',
      message: 'Some reason [error-x]',
      nodeID: 'n',
      errorType: 'Meteor.Error',
      isClientSafe: true,
      reason: 'Some reason',
      details: { method: 'm' },
    });
    expect(plain.extractPlainError(new PresenceError('BUSY', 'x'))).not.toHaveProperty('errorType');
  });
});
