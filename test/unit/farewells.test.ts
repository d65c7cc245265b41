import { farewellMiddleware } from '../../lib/replicas/farewells';

type Handler = (command: string, packet: { payload: object }) => Promise<boolean>;
interface Hooks {
  transitMessageHandler(this: object, next: Handler): Handler;
}

const passed: string[] = [];
const pings: string[][] = [];
let node: { id: string; available: boolean; instanceID: string } | undefined;
let take: (command: string, fields?: object) => Promise<boolean>;

beforeEach(() => {
  jest.useFakeTimers();
  passed.length = 0;
  pings.length = 0;
  node = { id: 'ddp-1', available: true, instanceID: 'first' };
  const metrics = { isEnabled: () => false, increment: () => undefined };
  const registry = { nodes: { get: () => node } };
  const broker = { registry, metrics, generateUid: () => 'ping-1', getLogger: () => ({ warn: () => undefined }) };
  const transit = { broker, sendPing: async (...ping: string[]) => void pings.push(ping) };
  const next: Handler = async (command) => passed.push(command) > 0;
  const handler = (farewellMiddleware() as unknown as Hooks).transitMessageHandler.call(transit, next);
  take = (command, fields = {}) => handler(command, { payload: { sender: 'ddp-1', ...fields } });
});
afterEach(() => jest.useRealTimers());

it('a node that says that it leaves is asked once, and believed where it does not answer', async () => {
  await take('DISCONNECT');
  await take('DISCONNECT');
  expect(passed).toEqual([]);
  await jest.advanceTimersByTimeAsync(300);
  expect(pings).toEqual([['ddp-1', 'ping-1']]);
  expect(passed).toEqual(['DISCONNECT']);
});

it('one that answers has not left', async () => {
  await take('DISCONNECT');
  await jest.advanceTimersByTimeAsync(100);
  await take('PONG', { id: 'another' });
  await take('PONG', { id: 'ping-1' });
  await jest.advanceTimersByTimeAsync(1000);
  expect(passed).toEqual(['PONG', 'PONG']);
});

it('where another process of its name comes it is believed before that one is heard', async () => {
  await take('DISCONNECT');
  await take('INFO', { instanceID: 'first' });
  await take('INFO', { instanceID: 'second' });
  expect(passed).toEqual(['INFO', 'DISCONNECT', 'INFO']);
});

it('one that is away already is not asked', async () => {
  node = undefined;
  await take('DISCONNECT');
  expect(passed).toEqual(['DISCONNECT']);
});
