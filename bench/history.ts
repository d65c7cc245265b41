import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MongoStore } from '../lib/store/mongo/mongo-store';
import { freshDatabase, startMongo } from '../test/helpers/mongo-server';
import { presenceNode, startCluster, type Cluster } from './cluster';
import { DAYS, officeDays, writeOffice } from './history-data';
import { closedLoop } from './load';
import { printTable, whole } from './table';

const DAY_MS = 24 * 60 * 60_000;
const CALLS = 5;
const TARGET_MS = 1000;
const RETENTION = { HISTORY_RETENTION_DAYS: '3650', REQUEST_TIMEOUT: '120' };

type Ask = readonly [name: string, action: string, params: object];

function asks(nowMs: number): Ask[] {
  const ago = (days: number) => new Date(nowMs - days * DAY_MS);
  const timeZone = 'Europe/Berlin';
  return [
    ['page, newest of everybody', 'history.list', {}],
    ['page, a year ago', 'history.list', { to: ago(365) }],
    ['page of one user', 'history.list', { uid: 'u77' }],
    ['page of one user, a year ago', 'history.list', { uid: 'u77', to: ago(365) }],
    ['page of a rare cause', 'history.list', { cause: 'lease' }],
    ['count of one user', 'history.count', { uid: 'u77' }],
    ['count of everything', 'history.count', {}],
    ['activity.user, 30 days', 'activity.user', { uid: 'u77', timeZone }],
    ['activity.user, two years', 'activity.user', { uid: 'u77', from: ago(DAYS), timeZone }],
    ['activity.summary, 30 days', 'activity.summary', { timeZone }],
    ['activity.summary, two years', 'activity.summary', { from: ago(DAYS), timeZone }],
  ];
}

/** Two years of history, paged and summed over the bus. */
export async function benchHistory(withMongo: boolean): Promise<void> {
  const nowMs = Date.now();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'presence-bench-'));
  try {
    const rows = await writeOffice(dataDir, nowMs);
    await ask('the embedded store', rows, { DATA_DIR: dataDir }, nowMs);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  if (withMongo) await onMongo(nowMs);
}

async function onMongo(nowMs: number): Promise<void> {
  const mongo = await startMongo();
  const database = freshDatabase(mongo);
  try {
    const historyDays = Number(RETENTION.HISTORY_RETENTION_DAYS);
    const options = { patienceMs: 30_000, refreshAfterMs: 50_000, makesIndexes: () => true, historyDays };
    const store = new MongoStore({ url: database.url, ...options });
    await store.open();
    let rows = 0;
    for (const day of officeDays(nowMs)) {
      await store.history.append(day, nowMs);
      rows += day.length;
    }
    await store.close();
    await ask('MongoDB', rows, { MONGO_URL: database.url }, nowMs);
  } finally {
    await database.drop();
    await mongo.stop();
  }
}

/** In operation a day is counted once it is over; these all at once, by the first who asks. Then the node is started anew. */
async function countDays({ caller }: Cluster, nowMs: number): Promise<number> {
  const startedAt = performance.now();
  await caller.call('activity.summary', { from: new Date(nowMs - DAYS * DAY_MS) }, { timeout: 0 });
  return performance.now() - startedAt;
}

async function ask(title: string, rows: number, env: NodeJS.ProcessEnv, nowMs: number): Promise<void> {
  const node = presenceNode({ ...env, ...RETENTION });
  const counting = await startCluster([node]);
  const tookMs = await countDays(counting, nowMs).finally(() => counting.stop());
  const startedAt = performance.now();
  const cluster = await startCluster([node]);
  console.log(
    `\n${title}: all days counted in ${whole(tookMs)} ms, started in ${whole(performance.now() - startedAt)} ms`,
  );
  try {
    const table: string[][] = [];
    for (const [name, action, params] of asks(nowMs)) {
      const { p50, p99, failed } = await closedLoop(CALLS, 1, () =>
        cluster.caller.call(action, params, { timeout: 0 }),
      );
      table.push([name, whole(p50), whole(p99), `${failed}`, p99 < TARGET_MS && failed === 0 ? 'met' : 'NOT MET']);
    }
    const headings = ['call', 'median ms', 'worst ms', 'failed', `under ${TARGET_MS} ms`];
    printTable(`history of two years, ${rows} rows, ${title}, ${CALLS} calls each`, headings, table);
  } finally {
    await cluster.stop();
  }
}
