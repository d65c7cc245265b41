import type { ServiceBroker, ServiceSchema } from 'moleculer';
import { readConfig } from '../../lib/env';
import { createStore } from '../../lib/store/create-store';
import { startApiNode, TOKENS, type ApiNode } from './api-node';
import type { ContractBook } from './contract-book';
import { eventually } from './eventually';
import { startFakeRocketChat } from './fake-rocketchat';
import { startNats } from './nats-server';
import { startRocketChatNode } from './rocket-chat-node';

/** Codes that only a fault brings: each is seen once, wherever. */
export const FAULTS = [
  'STORE_UNAVAILABLE',
  'BUSY',
  'CONFLICT',
  'KEEPER_UNAVAILABLE',
  'AUTH_UNAVAILABLE',
  'TIMEOUT',
  'UNAVAILABLE',
  'STOPPING',
  'INTERNAL',
];

const SET = { body: { status: 'busy' } };

/** Brings about each fault, and has it told. @param visibility answers for users `broken` and `slow` as their names say */
export async function provokeFaults(book: ContractBook, visibility: ServiceSchema): Promise<void> {
  await keptBusy(book);
  await withoutEnd(book);
  await withoutServices(book, visibility);
  await withoutKeeper(book);
  await withoutRocketChat(book);
}

/** More calls than may wait. */
async function keptBusy(book: ContractBook): Promise<void> {
  const node = await startApiNode({ env: { MAX_QUEUED_CALLS: '1' } });
  const asked = Array.from({ length: 50 }, (_, i) => book.call(node, 'setStatus', { in: { uid: `u${i}` }, ...SET }));
  const statuses = (await Promise.all(asked)).map(({ status, headers }) => [status, headers['retry-after']]);
  expect(statuses).toEqual(
    expect.arrayContaining([
      [503, '1'],
      [200, undefined],
    ]),
  );
  await node.stop();
}

/** Another replica that is always faster. */
async function withoutEnd(book: ContractBook): Promise<void> {
  const store = createStore(readConfig({ DATA_DIR: ':memory:' }));
  const write = store.writePresence.bind(store);
  let times = 0;
  store.writePresence = async (writes) => {
    const other = writes.map(({ before, sessionsRev }) => {
      const after = { ...before, name: `name ${times++}`, presenceRev: before.presenceRev + 1 };
      return { before, after, sessionsRev };
    });
    await write(other);
    return write(writes);
  };
  const node = await startApiNode({ store });
  await book.refuses(node, 'setStatus', 'CONFLICT', SET);
  await node.stop();
}

interface Stoppable {
  readonly desk: { stop(): Promise<void> };
}

async function withoutServices(book: ContractBook, visibility: ServiceSchema): Promise<void> {
  const node = await startApiNode({ env: { REQUEST_TIMEOUT: '2' }, services: [visibility] });
  await book.refuses(node, 'setStatus', 'INTERNAL', { in: { uid: 'broken' }, ...SET });
  await book.refuses(node, 'setStatus', 'TIMEOUT', { in: { uid: 'slow' }, ...SET });
  await node.broker.destroyService('history');
  await book.refuses(node, 'listHistory', 'UNAVAILABLE');
  await (node.broker.getLocalService('presence') as unknown as Stoppable).desk.stop();
  await book.refuses(node, 'setStatus', 'STOPPING', SET);
  await node.store.close();
  await book.refuses(node, 'addSchedule', 'STORE_UNAVAILABLE', {
    body: { status: 'busy', endsAt: '2100-01-01T00:00:00Z', startsAt: '2099-01-01T00:00:00Z' },
  });
  await node.stop();
}

/** The one that keeps the state is of another make, and does not know what it is asked. */
async function withoutKeeper(book: ContractBook): Promise<void> {
  const nats = await startNats();
  const other = { name: 'presence', metadata: { keeperRank: 0 }, actions: {} };
  const core = await startRocketChatNode(nats.url, 'other', [other]);
  const node = await startApiNode({ env: { TRANSPORTER: nats.url } });
  await eventually(() => expect(servicesSeen(node.broker)).toContain('presence@other'));
  await book.refuses(node, 'getUser', 'KEEPER_UNAVAILABLE');
  await node.stop();
  await core.stop();
  await nats.stop();
}

function servicesSeen(broker: ServiceBroker): string[] {
  const services = broker.registry.getServiceList({ onlyAvailable: true }) as unknown as {
    name: string;
    nodeID: string;
  }[];
  return services.map(({ name, nodeID }) => `${name}@${nodeID}`);
}

async function withoutRocketChat(book: ContractBook): Promise<void> {
  const rocketChat = await startFakeRocketChat();
  const node = await startApiNode({ env: { ROCKETCHAT_URL: rocketChat.url, METRICS_OPEN: 'false' } });
  rocketChat.answer = (_uid, res) => res.writeHead(500).end();
  const headers = { 'x-user-id': 'ann', 'x-auth-token': 'anns-login-token' };
  const refused = await book.refuses(node, 'getUser', 'AUTH_UNAVAILABLE', { token: undefined, headers });
  expect(refused.headers['retry-after']).toBe('1');
  expect(await meOf(node)).toBe(200);
  await node.stop();
  await rocketChat.stop();
}

const meOf = async (node: ApiNode) => (await node.ask({ path: '/api/v1/me', token: TOKENS.read })).status;
