import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServiceBroker, ServiceSchema } from 'moleculer';
import { readConfig } from '../../lib/config/env';
import { createStore } from '../../lib/store/create-store';
import { TOKENS, withApiNode } from './api-node';
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
const LATER = { status: 'busy', startsAt: '2099-01-01T00:00:00Z', endsAt: '2100-01-01T00:00:00Z' };

/** Brings about each fault, and has it told. @param visibility answers for users `broken` and `slow` as their names say */
export async function provokeFaults(book: ContractBook, visibility: ServiceSchema): Promise<void> {
  await keptBusy(book);
  await withUsersOfRocketChat(book);
  await withoutEnd(book);
  await withoutServices(book, visibility);
  await withoutStore(book);
  await withoutKeeper(book);
  await withoutRocketChat(book);
}

/** More calls than may wait, while the store takes its time. */
async function keptBusy(book: ContractBook): Promise<void> {
  const store = createStore(readConfig({ DATA_DIR: ':memory:' }));
  const apply = store.applySessions.bind(store);
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  store.applySessions = async (...work) => {
    await released;
    return apply(...work);
  };
  await withApiNode({ env: { MAX_QUEUED_CALLS: '1' }, store }, async (node) => {
    const asked = Array.from({ length: 5 }, (_, i) => book.call(node, 'setStatus', { in: { uid: `u${i}` }, ...SET }));
    const refused = await Promise.race(asked);
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    release();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(expect.arrayContaining([200, 503]));
  });
}

/** Whose users are Rocket.Chat's to remove. */
async function withUsersOfRocketChat(book: ContractBook): Promise<void> {
  const store = Object.assign(createStore(readConfig({ DATA_DIR: ':memory:' })), { createsUsers: false });
  await withApiNode({ store }, async (node) => {
    await book.refuses(node, 'removeUser', 'USERS_NOT_OURS');
  });
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
  await withApiNode({ store }, async (node) => {
    await book.refuses(node, 'setStatus', 'CONFLICT', SET);
  });
}

interface Stoppable {
  readonly desk: { stop(): Promise<void> };
}

async function withoutServices(book: ContractBook, visibility: ServiceSchema): Promise<void> {
  await withApiNode({ env: { REQUEST_TIMEOUT: '2' }, services: [visibility] }, async (node) => {
    await book.refuses(node, 'setStatus', 'INTERNAL', { in: { uid: 'broken' }, ...SET });
    await book.refuses(node, 'setStatus', 'TIMEOUT', { in: { uid: 'slow' }, ...SET });
    await node.broker.destroyService('history');
    await book.refuses(node, 'listHistory', 'UNAVAILABLE');
    await (node.broker.getLocalService('presence') as unknown as Stoppable).desk.stop();
    await book.refuses(node, 'setStatus', 'STOPPING', SET);
    await node.broker.destroyService('presence');
    await book.refuses(node, 'listUsers', 'UNAVAILABLE');
    const health = await book.call(node, 'getHealth', { headers: { accept: 'application/json' } });
    expect([health.status, health.json().presence]).toEqual([500, false]);
  });
}

/** The store is closed, as it is while the node stops. */
async function withoutStore(book: ContractBook): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'presence-http-'));
  await withApiNode({ env: { DATA_DIR: folder } }, async (node) => {
    await node.store.close();
    await book.refuses(node, 'addSchedule', 'STORE_UNAVAILABLE', { body: LATER });
  });
  await rm(folder, { recursive: true, force: true });
}

/** The one that keeps the state is of another make, and does not know what it is asked. */
async function withoutKeeper(book: ContractBook): Promise<void> {
  const nats = await startNats();
  const other = { name: 'presence', metadata: { keeperRank: 0 }, actions: {} };
  const core = await startRocketChatNode(nats.url, 'other', [other]);
  try {
    await withApiNode({ env: { TRANSPORTER: nats.url } }, async (node) => {
      await eventually(() => expect(servicesSeen(node.broker)).toContain('presence@other'));
      await book.refuses(node, 'getUser', 'KEEPER_UNAVAILABLE');
    });
  } finally {
    await core.stop();
    await nats.stop();
  }
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
  rocketChat.answer = (_uid, res) => res.writeHead(500).end();
  try {
    await withApiNode({ env: { ROCKETCHAT_URL: rocketChat.url } }, async (node) => {
      const headers = { 'x-user-id': 'ann', 'x-auth-token': 'anns-login-token' };
      const refused = await book.refuses(node, 'getUser', 'AUTH_UNAVAILABLE', { token: undefined, headers });
      expect(refused.headers['retry-after']).toBe('1');
      await book.call(node, 'getUser', { token: TOKENS.read });
    });
  } finally {
    await rocketChat.stop();
  }
}
