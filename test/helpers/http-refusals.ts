import { TOKENS, withApiNode, type ApiNode } from './api-node';
import type { Call, ContractBook, Known } from './contract-book';
import type { HookReceiver } from './hook-receiver';
import { RocketChatRest } from './rocketchat-rest';
import { freshDatabase, startMongo, withDb } from './mongo-server';

const WEAKER = { write: 'read', admin: 'write' } as const;
const LONG = { text: 'x'.repeat(30_000) };
/** Half of a character: no UTF-8 in a path. */
const BROKEN = '%E2%82';

/** What every operation refuses by the same rules: who asks, how often, and what is no request of its kind. */
export async function refuseEverywhere(book: ContractBook, node: ApiNode): Promise<void> {
  await withApiNode({ env: { API_RATE_LIMIT: '1', MS_METRICS: 'true' } }, (once) => refuseBothAt(book, node, once));
}

async function refuseBothAt(book: ContractBook, node: ApiNode, once: ApiNode): Promise<void> {
  for (const token of Object.values(TOKENS)) await once.ask({ path: '/api/v1/me', token });
  const ours = book.operations.filter(({ answers }) => answers.includes('UNAUTHENTICATED'));
  for (const known of ours) {
    const { id } = known;
    for (const token of [undefined, 'a-token-that-nobody-has']) {
      const refused = await book.refuses(node, id, 'UNAUTHENTICATED', { token });
      expect(refused.headers['www-authenticate']).toBe('Bearer realm="presence"');
    }
    const refused = await book.refuses(once, id, 'RATE_LIMITED');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    if (id !== 'getMetrics') await refuseArguments(book, node, known);
  }
}

async function refuseArguments(book: ContractBook, node: ApiNode, { id, path, scope, hasBody }: Known): Promise<void> {
  if (scope === 'write' || scope === 'admin') {
    await book.refuses(node, id, 'FORBIDDEN', { token: TOKENS[WEAKER[scope]] });
  }
  const unknown = await book.refuses(node, id, 'INVALID_ARGUMENT', { query: '?nonsense=1' });
  expect(unknown.json()).toMatchObject({ field: 'nonsense', retryable: false });
  for (const [, name] of path.matchAll(/{(\w+)}/g)) {
    await book.refuses(node, id, 'MALFORMED_REQUEST', { in: { [name!]: BROKEN } });
  }
  if (!hasBody) return;
  for (const body of ['{"a":', '[]', '7', '{"a":1}}', Buffer.from('{"a":"\xff"}', 'latin1')]) {
    await book.refuses(node, id, 'MALFORMED_JSON', { body });
  }
  await book.refuses(node, id, 'BODY_TOO_LARGE', { body: LONG });
  await book.refuses(node, id, 'UNSUPPORTED_MEDIA_TYPE', { body: 'a=1', headers: { 'content-type': 'text/plain' } });
  for (const headers of [{ 'content-encoding': 'gzip' }, { 'content-type': 'application/json; charset=utf-16' }]) {
    await book.refuses(node, id, 'UNSUPPORTED_MEDIA_TYPE', { body: '{}', headers });
  }
}

type Refusal = readonly [id: string, code: string, call?: Call];

const LATER = new Date(Date.now() + 3_600_000).toISOString();
const SCHEDULE = { status: 'busy', startsAt: LATER, endsAt: '2100-01-01T00:00:00Z' };
const NO_CALLBACK = ['getCallback', 'testCallback', 'rotateSecretCallback', 'pauseCallback', 'resumeCallback'];

/** What single operations refuse. */
export async function refuseInParticular(book: ContractBook, node: ApiNode, receiver: HookReceiver): Promise<void> {
  const refusals: readonly Refusal[] = [
    ['setStatus', 'EXPIRY_NOT_IN_FUTURE', { body: { status: 'busy', expiresAt: '2001-01-01T00:00:00Z' } }],
    ['setStatus', 'PRESENCE_DISABLED', { in: { uid: 'disabled' }, body: { status: 'busy' } }],
    ['updateCallback', 'UNKNOWN_CALLBACK', { body: { name: 'x' } }],
    ...['listDeliveries', 'retryDelivery', ...NO_CALLBACK].map((id) => [id, 'UNKNOWN_CALLBACK'] as const),
  ];
  for (const [id, code, call] of refusals) await book.refuses(node, id, code, call);
  await refuseTooMany(book, node, receiver);
  await refuseWithoutHistory(book);
  await refuseAtRocketChats(book);
}

async function refuseTooMany(book: ContractBook, node: ApiNode, receiver: HookReceiver): Promise<void> {
  for (let i = 0; i < 200; i++)
    await node.ask({ method: 'POST', path: '/api/v1/users/bot/schedules', token: TOKENS.write, body: SCHEDULE });
  await book.refuses(node, 'addSchedule', 'TOO_MANY_SCHEDULES', { in: { uid: 'bot' }, body: SCHEDULE });
  const body = { url: receiver.url };
  for (let i = 0; i < 200; i++)
    await node.ask({ method: 'POST', path: '/api/v1/callbacks', token: TOKENS.admin, body });
  await book.refuses(node, 'registerCallback', 'TOO_MANY_CALLBACKS', { body });
}

async function refuseWithoutHistory(book: ContractBook): Promise<void> {
  await withApiNode({ env: { HISTORY_RETENTION_DAYS: '0' } }, (without) => refuseAllWithout(book, without));
}

async function refuseAllWithout(book: ContractBook, without: ApiNode): Promise<void> {
  for (const id of ['listHistory', 'countHistory', 'userActivity', 'activitySummary']) {
    await book.refuses(without, id, 'HISTORY_OFF');
  }
  await book.refuses(without, 'getMetrics', 'METRICS_OFF');
  const { id } = await callbackOf(without);
  for (const url of ['https://10.0.0.1/', 'ftp://example.org/', 'no address']) {
    await book.refuses(without, 'registerCallback', 'TARGET_REFUSED', { body: { url } });
    await book.refuses(without, 'updateCallback', 'TARGET_REFUSED', { in: { id }, body: { url } });
  }
}

async function callbackOf(node: ApiNode): Promise<{ readonly id: string }> {
  const body = { url: 'https://example.org/' };
  return (await node.ask({ method: 'POST', path: '/api/v1/callbacks', token: TOKENS.admin, body })).json();
}

/** Rocket.Chat's own database, whose users are its own; and beside it an observer. */
async function refuseAtRocketChats(book: ContractBook): Promise<void> {
  const mongo = await startMongo();
  const rocketChat = await RocketChatRest.start();
  const { url: MONGO_URL } = freshDatabase(mongo);
  try {
    await withDb(MONGO_URL, async (db) => {
      await db.collection('rocketchat_settings').insertOne({ _id: 'Site_Url' as never });
    });
    await withApiNode({ env: { MONGO_URL, ...rocketChat.env } }, async (observer) => {
      await book.refuses(observer, 'setStatus', 'ROCKETCHAT_REFUSED', { body: { status: 'busy' } });
      await book.refuses(observer, 'addSchedule', 'NOT_OWNER', { body: SCHEDULE });
      rocketChat.put({ _id: 'ann', username: 'ann', status: 'online' });
      rocketChat.permissions.delete('edit-other-user-info');
      await book.refuses(observer, 'setStatus', 'ROCKETCHAT_UNAVAILABLE', { body: { status: 'busy' } });
    });
    await withApiNode({ env: { MONGO_URL, PRESENCE_ROLE: 'owner' } }, async (owner) => {
      await book.refuses(owner, 'addSchedule', 'UNKNOWN_USER', { body: SCHEDULE });
    });
  } finally {
    await rocketChat.away();
    await mongo.stop();
  }
}
