import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Callback, OutboxRow } from '../../../domain/callbacks';
import { newSecret } from '../../../lib/callbacks/ids';
import { EmbeddedStore } from '../../../lib/store/embedded-store';
import { DashboardFixture } from '../../helpers/dashboard-fixture';
import { eventually } from '../../helpers/eventually';
import { HookReceiver } from '../../helpers/hook-receiver';
import { inBrowser } from '../../helpers/suites';

const PATIENT = { timeoutMs: 20_000 };
const HOUR_MS = 3_600_000;

/** A delivery is given up after a day: a folder is made in which that has happened, and a node started on it. */
async function folderWithParked(url: string): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'presence-parked-'));
  const store = new EmbeddedStore({ dataDir, refreshAfterMs: 50_000, historyDays: 30 });
  const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS);
  const callback: Callback = {
    ...{ _id: 'signs', rev: 1, url, name: 'Door signs', uids: [], statuses: [], concurrency: 4 },
    ...{ secret: newSecret(), oldSecrets: [], createdAt: ago(30) },
  };
  const row: OutboxRow = {
    _id: 'msg_1_parked',
    callback: 'signs',
    change: { uid: 'tara', rev: 3, at: ago(26), from: 'online', to: 'busy', cause: 'claim' },
    ...{ state: 'parked', attempts: 34, firstAttemptAt: ago(26), dueAt: ago(2), parkedAt: ago(2) },
    lastError: 'the target answered 503',
  };
  await store.open();
  await store.callbacks.add(callback);
  await store.callbacks.put([row]);
  await store.close();
  return dataDir;
}

inBrowser('dashboard, what was given up')('deliveries that were given up, in the dashboard', () => {
  let fixture: DashboardFixture;
  let receiver: HookReceiver;
  let dataDir: string;

  beforeAll(async () => {
    receiver = await HookReceiver.start();
    dataDir = await folderWithParked(receiver.url);
    fixture = await DashboardFixture.start({ CALLBACKS_ALLOW_PRIVATE: 'true', DATA_DIR: dataDir });
  }, 60_000);
  afterAll(async () => {
    await fixture?.stop();
    await receiver?.down();
    if (dataDir) await rm(dataDir, { recursive: true });
  });

  test('one is shown with what went wrong, and is delivered when it is asked for again', async () => {
    const { page, faults } = await fixture.visit();
    await fixture.signIn(page);
    const hook = page.locator('#webhooks .hooks > li');
    await eventually(async () => expect(await hook.textContent()).toContain('0 waiting, 1 given up'), PATIENT);
    expect(receiver.received).toEqual([]);
    await hook.getByRole('button', { name: 'Deliveries: Door signs' }).click();
    const row = hook.locator('.deliveries li');
    await eventually(async () => expect(await row.textContent()).toContain('tara → busy'), PATIENT);
    expect(await row.textContent()).toContain('34 attempts, given up');
    expect(await row.textContent()).toContain('the target answered 503');
    await row.getByRole('button', { name: /^Retry tara/ }).click();
    await eventually(() => expect(receiver.statuses).toEqual(['tara busy']), PATIENT);
    await eventually(async () => expect(await hook.textContent()).toContain('0 waiting, 0 given up'), PATIENT);
    await page.getByText('Nothing waits, and nothing was given up.').waitFor();
    expect(faults).toEqual([]);
  }, 90_000);
});
