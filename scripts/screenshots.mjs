/** Makes the pictures of docs/images/ anew: two nodes on a bus, a made-up office, and a Chromium that looks at it. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { ensureBuilt } from './lib/build.mjs';
import { command, Stop } from './lib/command.mjs';
import { INSTANCES, officeLife, PEOPLE, webhooks } from './lib/office.mjs';
import { findBrowser, findProgram } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs', 'images');
const require = createRequire(import.meta.url);
const TOKEN = 'token-for-the-pictures';
const PORT = Number(process.env.PORT ?? 14305);
const NATS_PORT = PORT + 2;
const MOST_BYTES = 150_000;

await command(async () => {
  const browser = findBrowser();
  if (!browser) throw new Stop('No Chromium is installed; name one by CHROMIUM.');
  const nats = findProgram('nats-server');
  if (!nats) throw new Stop('No nats-server is installed.');
  await ensureBuilt(root);
  const dataDir = mkdtempSync(join(tmpdir(), 'presence-pictures-'));
  try {
    await live(dataDir);
    await withBus(nats, () =>
      withNode({ DATA_DIR: dataDir, INSTANCE_ID: 'presence-1', PORT }, () =>
        withNode({ DATA_DIR: ':memory:', INSTANCE_ID: 'presence-2', PORT: PORT + 1 }, () => pictures(browser)),
      ),
    );
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  return 0;
});

/** Lets the office live in a folder, as fast as it goes: the service is given the time of each call. */
async function live(dataDir) {
  const { ServiceBroker } = require('moleculer');
  const built = (file) => require(join(root, 'dist', file));
  const config = built('lib/config/env.js').readConfig({ DATA_DIR: dataDir });
  const store = built('lib/store/create-store.js').createStore(config);
  const nowMs = Date.now();
  const life = officeLife(nowMs);
  let clockMs = life[0].atMs;
  const broker = new ServiceBroker({ logger: false });
  broker.createService(built('services/presence.service.js').presenceService({ config, store, clock: () => clockMs }));
  await broker.start();
  const call = ({ action, params }) => broker.call(`presence.${action}`, params);
  await call({ action: 'upsertUsers', params: { users: PEOPLE } });
  for (const one of life) {
    clockMs = one.atMs;
    await call(one);
  }
  const { callbacks, rows } = webhooks(nowMs);
  for (const callback of callbacks) await store.callbacks.add(callback);
  await store.callbacks.put(rows);
  await broker.stop();
}

/** A bus with the office's instances of Rocket.Chat on it. */
async function withBus(program, work) {
  const { ServiceBroker } = require('moleculer');
  const url = `nats://127.0.0.1:${NATS_PORT}`;
  const args = ['--addr', '127.0.0.1', '--port', String(NATS_PORT)];
  await withProcess(program, args, {}, { stream: 'stderr', ready: 'Server is ready' }, async () => {
    const cores = INSTANCES.map((nodeID) => new ServiceBroker({ nodeID, transporter: url, logger: false }));
    try {
      await Promise.all(cores.map((core) => core.start()));
      await work();
    } finally {
      await Promise.all(cores.map((core) => core.stop()));
    }
  });
}

function withNode(env, work) {
  const common = { TRANSPORTER: `nats://127.0.0.1:${NATS_PORT}`, LOG_LEVEL: 'info' };
  const all = { ...common, API_TOKENS: `operator:admin:${TOKEN}`, ...env };
  return withProcess(
    process.execPath,
    [join(root, 'dist', 'main.js')],
    all,
    { stream: 'stdout', ready: 'is running' },
    work,
  );
}

/** Does a work while a program runs. @param ready what it prints when it does */
async function withProcess(program, args, env, { stream, ready }, work) {
  const child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await new Promise((resolve, reject) => {
      child[stream].on('data', (text) => String(text).includes(ready) && resolve());
      ended.then(() => reject(new Stop(`${program} did not start.`)));
    });
    await work();
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function pictures(executablePath) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    mkdirSync(images, { recursive: true });
    for (const colorScheme of ['light', 'dark']) {
      const page = await signedIn(browser, { colorScheme });
      await take(page, `dashboard-${colorScheme}`);
      if (colorScheme === 'light') await pictureOfPerson(page);
      await page.context().close();
    }
    const tall = await signedIn(browser, { colorScheme: 'light', height: 1500 });
    await tall.getByRole('button', { name: 'Deliveries: Door signs' }).click();
    await tall.getByText('tara.costa → busy').waitFor();
    await take(tall.locator('#webhooks'), 'dashboard-webhooks');
    await tall.context().close();
    const narrow = await signedIn(browser, { colorScheme: 'dark', width: 390, height: 844 });
    await take(narrow, 'dashboard-narrow');
  } finally {
    await browser.close();
  }
}

async function pictureOfPerson(page) {
  await page.keyboard.press('/');
  await page.keyboard.type('ann adler');
  await page.keyboard.press('Enter');
  await page.getByText('Shown as busy').waitFor();
  await page.locator('.history > li').first().waitFor();
  await take(page, 'dashboard-person');
}

/** A browser in the place on earth where it is half past two, as in the office. */
async function signedIn(browser, { colorScheme, width = 1280, height = 960 }) {
  const ahead = Math.round(14.5 - (new Date().getUTCHours() + new Date().getUTCMinutes() / 60));
  const timezoneId = `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
  const context = await browser.newContext({ colorScheme, timezoneId, viewport: { width, height } });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${PORT}/`);
  await page.getByLabel('Access token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.locator('.chart canvas').waitFor();
  await page.getByText(`${PEOPLE.length} people`, { exact: true }).waitFor();
  await page.locator('#replicas .row-name').nth(1).waitFor();
  await page.locator('.hooks .row-name').nth(1).waitFor();
  return page;
}

/** @param what a page or a part of one */
async function take(what, name) {
  const file = join(images, `${name}.png`);
  await what.screenshot({ path: file, animations: 'disabled' });
  const { size } = statSync(file);
  console.log(`${file}: ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) throw new Stop(`${name} is larger than ${MOST_BYTES / 1000} kB.`);
}
