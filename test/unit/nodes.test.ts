import type { ServiceBroker } from 'moleculer';
import { hearingMiddleware, nodesSeen } from '../../lib/replicas/nodes';

type Handler = (command: string, packet: { payload?: object }) => Promise<boolean>;
interface Hooks {
  transitMessageHandler(this: { broker: ServiceBroker }, next: Handler): Handler;
}

let nodes: { id: string; local: boolean; available: boolean; lastHeartbeatTime: number | null }[];
let broker: ServiceBroker;
let hear: Handler;
const next = jest.fn(async () => true);

beforeEach(() => {
  jest.useFakeTimers();
  nodes = ['self', 'core', 'ddp'].map((id) => ({
    id,
    local: id === 'self',
    available: true,
    lastHeartbeatTime: Math.round(process.uptime()),
  }));
  broker = { registry: { nodes: { list: () => nodes } } } as unknown as ServiceBroker;
  hear = (hearingMiddleware() as unknown as Hooks).transitMessageHandler.call({ broker }, next);
});
afterEach(() => jest.useRealTimers());

const silence = () => Object.fromEntries(nodesSeen(broker).map(({ id, silentMs }) => [id, silentMs]));

it('dates to the millisecond what another node sends, whatever it is, and hands it on', async () => {
  expect(await hear('HEARTBEAT', { payload: { sender: 'core' } })).toBe(true);
  expect(next).toHaveBeenCalledWith('HEARTBEAT', { payload: { sender: 'core' } });
  jest.advanceTimersByTime(1234);
  await hear('REQ', { payload: { sender: 'ddp' } });
  jest.advanceTimersByTime(100);
  expect(silence()).toEqual({ core: 1334, ddp: 100 });
});

it('takes the count of Moleculer for a node that was never heard, less what it may be off', () => {
  nodes[1]!.lastHeartbeatTime = Math.round(process.uptime()) - 10;
  nodes[2]!.lastHeartbeatTime = null;
  const { core, ddp } = silence();
  expect(core).toBeGreaterThanOrEqual(9_000);
  expect(core).toBeLessThanOrEqual(10_500);
  expect(ddp).toBe(0);
});

it('hands on what has no sender, and remembers nobody whom the bus does not know', async () => {
  for (const payload of [undefined, {}, { sender: 7 }]) expect(await hear('INFO', { payload })).toBe(true);
  for (let i = 0; i < 100; i++) await hear('INFO', { payload: { sender: `stranger-${i}` } });
  await hear('INFO', { payload: { sender: 'core' } });
  jest.advanceTimersByTime(50);
  silence();
  nodes.push({ id: 'stranger-5', local: false, available: true, lastHeartbeatTime: null });
  expect(silence()).toMatchObject({ core: 50, 'stranger-5': 0 });
});

describe('the process of a node', () => {
  const ages = () =>
    Object.fromEntries(
      nodesSeen(broker).flatMap(({ id, process: of }) => (of ? [[id, [of.instanceID, of.ageMs]]] : [])),
    );
  const info = (instanceID?: unknown) => hear('INFO', { payload: { sender: 'ddp', instanceID } });

  it('is that of its last INFO packet, as old as the first of them', async () => {
    await info('A');
    jest.advanceTimersByTime(100);
    await info('A');
    expect(ages()).toEqual({ ddp: ['A', 100] });
    await info('B');
    jest.advanceTimersByTime(7);
    expect(ages()).toEqual({ ddp: ['B', 7] });
  });

  it('came when it first asked for the others, before its services had started', async () => {
    await hear('DISCOVER', { payload: { sender: 'ddp' } });
    await info('A');
    jest.advanceTimersByTime(1000);
    await hear('DISCOVER', { payload: { sender: 'ddp' } });
    jest.advanceTimersByTime(700);
    await info('B');
    expect(ages()).toEqual({ ddp: ['B', 700] });
  });

  it('is not dated by what a former one, or the same one long ago, has asked', async () => {
    await hear('DISCOVER', { payload: { sender: 'ddp' } });
    jest.advanceTimersByTime(10);
    await info('A');
    jest.advanceTimersByTime(10);
    await info('B');
    expect(ages()).toEqual({ ddp: ['B', 0] });
    await hear('DISCOVER', { payload: { sender: 'ddp' } });
    jest.advanceTimersByTime(61_000);
    await info('C');
    expect(ages()).toEqual({ ddp: ['C', 0] });
  });

  it.each([undefined, null, 7, 'x'.repeat(101)])('is unknown where a node tells none (%p)', async (instanceID) => {
    await info(instanceID);
    expect(ages()).toEqual({});
  });
});
