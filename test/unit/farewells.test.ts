import { farewellMiddleware } from '../../lib/replicas/farewells';

type Handler = (command: string, packet: { payload: object }) => Promise<boolean>;
interface Hooks {
  transitMessageHandler(this: object, next: Handler): Handler;
}

const passed: string[] = [];
const asked: string[] = [];
let node: { id: string; available: boolean; instanceID: string } | undefined;
let take: (command: string, fields?: object) => Promise<boolean>;

beforeEach(() => {
  jest.useFakeTimers();
  passed.length = 0;
  asked.length = 0;
  node = { id: 'ddp-1', available: true, instanceID: 'first' };
  const metrics = { isEnabled: () => false, increment: () => undefined };
  const registry = { nodes: { get: () => node } };
  const broker = { registry, metrics, getLogger: () => ({ warn: () => undefined }) };
  const transit = { broker, discoverNode: async (id: string) => void asked.push(id) };
  const next: Handler = async (command, { payload }) => {
    passed.push(`${command} ${(payload as { instanceID?: string }).instanceID ?? ''}`.trim());
    return true;
  };
  const handler = (farewellMiddleware() as unknown as Hooks).transitMessageHandler.call(transit, next);
  take = (command, fields = {}) => handler(command, { payload: { sender: 'ddp-1', ...fields } });
});
afterEach(() => jest.useRealTimers());

it('a node that says that it leaves is asked once, and believed where it does not answer', async () => {
  await take('DISCONNECT');
  await take('DISCONNECT');
  expect(passed).toEqual([]);
  await jest.advanceTimersByTimeAsync(300);
  expect(asked).toEqual(['ddp-1']);
  expect(passed).toEqual(['DISCONNECT']);
});

it('one that answers has not left', async () => {
  await take('DISCONNECT');
  await jest.advanceTimersByTimeAsync(100);
  await take('PONG');
  await take('INFO', { instanceID: 'first' });
  await jest.advanceTimersByTimeAsync(1000);
  expect(passed).toEqual(['PONG', 'INFO first']);
});

it('another process of its name is believed where the former does not answer', async () => {
  await take('INFO', { instanceID: 'second' });
  await take('INFO', { instanceID: 'third' });
  expect(passed).toEqual([]);
  await jest.advanceTimersByTimeAsync(300);
  expect(passed).toEqual(['INFO third']);
});

it('another process of its name is forged where the former answers', async () => {
  await take('DISCONNECT');
  await take('INFO', { instanceID: 'second' });
  await jest.advanceTimersByTimeAsync(100);
  await take('INFO', { instanceID: 'first' });
  await jest.advanceTimersByTimeAsync(1000);
  expect(passed).toEqual(['INFO first']);
});

it('one that leaves and comes back as another process has left first', async () => {
  await take('DISCONNECT');
  await take('INFO', { instanceID: 'second' });
  await jest.advanceTimersByTimeAsync(300);
  expect(passed).toEqual(['DISCONNECT', 'INFO second']);
});

it('one that is away already, or unknown, is not asked', async () => {
  node!.available = false;
  await take('INFO', { instanceID: 'second' });
  node = undefined;
  await take('DISCONNECT');
  expect(passed).toEqual(['INFO second', 'DISCONNECT']);
});
