import EJSON from 'ejson';
import { connect, type NatsConnection } from 'nats';
import { BusFixture } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';

interface Packet {
  readonly id: string;
  readonly success: boolean;
  readonly data?: unknown;
  readonly error?: Record<string, unknown>;
}

/** The bytes themselves (contract 1.3, 1.4, 1.6): no Moleculer on the caller's side. */
describe('the wire', () => {
  let bus: BusFixture;
  let nats: NatsConnection;
  const answers: Packet[] = [];
  const raw: string[] = [];

  beforeAll(async () => {
    bus = await BusFixture.start();
    await bus.replica({ nodeID: 'presence-1' });
    await bus.rocketChat('ddp-1');
    nats = await connect({ servers: bus.nats.url });
    nats.subscribe('MOL.RES.raw-1', {
      callback: (_error, message) => {
        raw.push(message.string());
        const packet: unknown = EJSON.parse(message.string());
        answers.push(packet as Packet);
      },
    });
    await nats.flush();
  });
  afterAll(async () => {
    await nats.close();
    await bus.stop();
  });

  /** Sends a REQ packet whose params are this very JSON text. */
  async function request(id: string, action: string, params: string): Promise<Packet> {
    const text = `{"ver":"4","sender":"raw-1","id":"${id}","action":"presence.${action}","params":${params},"meta":{"optl":{}},"level":1,"tracing":null,"parentID":null,"requestID":"${id}","caller":null,"stream":false}`;
    nats.publish('MOL.REQ.presence-1', Buffer.from(text));
    return eventually(() => {
      const answer = answers.find((packet) => packet.id === id);
      if (!answer) throw new Error('no answer yet');
      return answer;
    });
  }

  test('a request is answered with its data', async () => {
    const answer = await request('r1', 'newConnection', '["ann","s1","ddp-1"]');
    expect(answer).toMatchObject({ success: true, data: { uid: 'ann', connectionId: 's1' } });
  });

  test('"nothing" is an answer without data', async () => {
    const answer = await request('r2', 'newConnection', '[null,"s1","ddp-1"]');
    expect(answer.success).toBe(true);
    expect(answer).not.toHaveProperty('data');
  });

  test('a date is {"$date": ms}', async () => {
    const future = Date.now() + 3_600_000;
    const answer = await request('r3', 'setStatus', `["ann","busy","x",{"$date":${future}}]`);
    expect(answer).toMatchObject({ success: true, data: true });
    const invalid = await request('r4', 'setStatus', '["ann","busy","x",{"$date":null}]');
    expect(invalid).toMatchObject({ success: false, error: { message: 'statusExpiresAt must be a future date' } });
  });

  test('an error has the fields Moleculer sends, and no value of the caller', async () => {
    const answer = await request('r5', 'setStatus', '["ann","secret-status"]');
    expect(answer.error).toMatchObject({
      name: 'PresenceError',
      nodeID: 'presence-1',
      code: 422,
      type: 'INVALID_ARGUMENT',
      retryable: false,
      data: { field: 'statusDefault' },
    });
    expect(raw.find((text) => text.includes('"r5"'))).not.toContain('secret-status');
  });

  test.each([
    ['r6', 'setActiveState', '["ann",{"statusDefault":"busy","__proto__":{"statusSource":"internal"}}]'],
    ['r7', 'setActiveState', '{"uid":"ann","__proto__":{"statusDefault":"busy"}}'],
    ['r8', 'clearActiveState', '{"__proto__":{"uid":"ann"}}'],
    ['r9', 'setActiveState', '["ann",{"statusDefault":"busy","constructor":{"prototype":{"a":1}}}]'],
  ])('%s: a poisoned key is refused, and no prototype is changed', async (id, action, params) => {
    await expect(request(id, action, params)).resolves.toMatchObject({
      success: false,
      error: { type: 'INVALID_ARGUMENT' },
    });
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  test.each(['not json', '{"$type":"nobody","$value":1}', '{}', '[]', 'null', '{"ver":"5"}', '{"ver":"4"}'])(
    'a packet that is %j does not hurt the node',
    async (text) => {
      for (const type of ['REQ', 'EVENT', 'RES', 'PING']) nats.publish(`MOL.${type}.presence-1`, Buffer.from(text));
      await expect(
        request(`after ${text.length} ${text.charCodeAt(0)}`.replace(/"/g, ''), 'getConnectionCount', '[]'),
      ).resolves.toMatchObject({
        success: true,
      });
    },
  );
});
