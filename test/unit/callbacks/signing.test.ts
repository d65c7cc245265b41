import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { withSecret } from '../../../domain/callbacks';
import { deliveryId, newCallbackId, newSecret, newTestId } from '../../../lib/callbacks/ids';
import { messageOf, testMessageOf } from '../../../lib/callbacks/message';
import { signedHeaders } from '../../../lib/callbacks/signing';
import { callback, delivery, historyRow } from '../../helpers/callback-builders';
import { NOW } from '../../helpers/presence-builders';

const DAY = 24 * 60 * 60_000;
/** What the library takes for now. */
const today = Date.now();

describe('what is sent', () => {
  it('is signed as Standard Webhooks tells', () => {
    const secret = newSecret();
    const { url, body, headers } = messageOf(callback('c1', { secret }), delivery('msg_1'), today);
    expect(url).toBe('https://example.com/hook');
    expect(new Webhook(secret).verify(body, { ...headers })).toEqual(JSON.parse(body));
    expect(headers['webhook-timestamp']).toBe(String(Math.floor(today / 1000)));
    // Worked out by hand once: the library signs here and verifies there.
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signed = createHmac('sha256', key).update(`msg_1.${headers['webhook-timestamp']}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signed}`);
  });

  it('verifies by either secret during a rotation, and by the new one after it', () => {
    const [first, second, other] = [newSecret(), newSecret(), newSecret()] as const;
    const rotated = withSecret(callback('c1', { secret: first }), second, today);
    const { body, headers } = messageOf(rotated, delivery('msg_1'), today);
    expect(headers['webhook-signature']!.split(' ')).toHaveLength(2);
    for (const secret of [first, second]) expect(new Webhook(secret).verify(body, { ...headers })).toBeTruthy();
    expect(() => new Webhook(other).verify(body, { ...headers })).toThrow('No matching signature');
    const before = withSecret(callback('c1', { secret: first }), second, today - DAY);
    const after = messageOf(before, delivery('msg_1'), today);
    expect(new Webhook(second).verify(after.body, { ...after.headers })).toBeTruthy();
    expect(() => new Webhook(first).verify(after.body, { ...after.headers })).toThrow('No matching signature');
  });

  it('does not verify with another body, id or time', () => {
    const secret = newSecret();
    const headers = signedHeaders('msg_1', '{"a":1}', [secret], today);
    const verify = (body: string, more: object = {}) => new Webhook(secret).verify(body, { ...headers, ...more });
    expect(verify('{"a":1}')).toEqual({ a: 1 });
    expect(() => verify('{"a":2}')).toThrow('No matching signature');
    expect(() => verify('{"a":1}', { 'webhook-id': 'msg_2' })).toThrow('No matching signature');
    const later = String(Number(headers['webhook-timestamp']) + 1);
    expect(() => verify('{"a":1}', { 'webhook-timestamp': later })).toThrow('No matching signature');
  });

  it('has the same body in every attempt, and of the change no more than it says', () => {
    const { change } = delivery('x');
    const row = delivery('msg_1', { change: { ...change, text: 'zu Tisch 🍜', source: 'manual' } });
    const first = messageOf(callback('c1'), row, today);
    const later = messageOf(callback('c1', { name: 'renamed' }), { ...row, attempts: 7, lastError: 'x' }, today + DAY);
    expect(later.body).toBe(first.body);
    const at = new Date(NOW).toISOString();
    expect(JSON.parse(first.body)).toEqual({
      type: 'presence.changed',
      timestamp: at,
      data: { ...change, at, text: 'zu Tisch 🍜', source: 'manual' },
    });
  });

  it('can be tried by a message of its own', () => {
    const secret = newSecret();
    const { body, headers } = testMessageOf(callback('c1', { secret, name: 'mine' }), newTestId(), today);
    expect(new Webhook(secret).verify(body, { ...headers })).toEqual({
      type: 'presence.test',
      timestamp: new Date(today).toISOString(),
      data: { callback: 'c1', name: 'mine' },
    });
  });
});

describe('ids', () => {
  it('of a change are the same whoever makes them, of another change or callback others, and fit into a header', () => {
    const id = deliveryId('c1', historyRow({ _id: 'r1' }));
    expect(deliveryId('c1', historyRow({ _id: 'r1' }))).toBe(id);
    expect(deliveryId('c2', historyRow({ _id: 'r1' }))).not.toBe(id);
    expect(deliveryId('c1', historyRow({ _id: 'r2' }))).not.toBe(id);
    expect(deliveryId('c1', historyRow({ _id: 'é\r\nx: y', uid: 'é\r\n.' }))).toMatch(/^msg_[\w-]+$/);
  });

  it('of earlier changes sort before those of later ones', () => {
    const times = [0, 1, 1000, NOW - 1, NOW, NOW + 1].map((ms) => deliveryId('c', historyRow({ at: new Date(ms) })));
    expect([...times].sort()).toEqual(times);
  });

  it('and secrets are never the same twice', () => {
    for (const make of [newCallbackId, newSecret, newTestId]) expect(make()).not.toBe(make());
    expect(Buffer.from(newSecret().slice('whsec_'.length), 'base64')).toHaveLength(32);
  });
});
