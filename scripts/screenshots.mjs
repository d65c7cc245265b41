/** Makes the pictures of docs/images/ anew: a node with a made-up office, and a Chromium that looks at it. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { ensureBuilt } from './lib/build.mjs';
import { command, Stop } from './lib/command.mjs';
import { officeLife, PEOPLE } from './lib/office.mjs';
import { findBrowser } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs', 'images');
const require = createRequire(import.meta.url);
const TOKEN = 'token-for-the-pictures';
const PORT = process.env.PORT ?? '14305';
const MOST_BYTES = 200_000;

await command(async () => {
  const browser = findBrowser();
  if (!browser) throw new Stop('No Chromium is installed; name one by CHROMIUM.');
  await ensureBuilt(root);
  const dataDir = mkdtempSync(join(tmpdir(), 'presence-pictures-'));
  try {
    await live(dataDir);
    await withNode(dataDir, () => pictures(browser));
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  return 0;
});

/** Lets the office live in a folder, as fast as it goes: the service is given the time of each call. */
async function live(dataDir) {
  const { ServiceBroker } = require('moleculer');
  const built = (file) => require(join(root, 'dist', file));
  const config = built('lib/env.js').readConfig({ DATA_DIR: dataDir });
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
  await broker.stop();
}

async function withNode(dataDir, work) {
  const env = { PATH: process.env.PATH, DATA_DIR: dataDir, PORT, INSTANCE_ID: 'presence-1', LOG_LEVEL: 'warn' };
  const node = spawn(process.execPath, [join(root, 'dist', 'main.js')], {
    env: { ...env, API_TOKENS: `operator:admin:${TOKEN}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => node.once('exit', resolve));
  try {
    await new Promise((resolve, reject) => {
      node.stdout.on('data', (text) => String(text).includes('is running') && resolve());
      ended.then(() => reject(new Stop('The node did not start.')));
    });
    await work();
  } finally {
    node.kill('SIGTERM');
    await ended;
  }
}

async function pictures(executablePath) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    mkdirSync(images, { recursive: true });
    for (const colorScheme of ['light', 'dark']) {
      const page = await signedIn(browser, colorScheme);
      await take(page, `dashboard-${colorScheme}`);
      if (colorScheme === 'light') {
        await page.keyboard.press('/');
        await page.keyboard.type('ann adler');
        await page.keyboard.press('Enter');
        await page.getByText('Shown as busy').waitFor();
        await page.getByRole('heading', { name: 'History' }).waitFor();
        await page.locator('.history > li').first().waitFor();
        await take(page, 'dashboard-person');
      }
      await page.context().close();
    }
  } finally {
    await browser.close();
  }
}

/** A browser in the place on earth where it is half past two, as in the office. */
async function signedIn(browser, colorScheme) {
  const ahead = Math.round(14.5 - (new Date().getUTCHours() + new Date().getUTCMinutes() / 60));
  const timezoneId = `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
  const context = await browser.newContext({ colorScheme, timezoneId, viewport: { width: 1280, height: 960 } });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${PORT}/`);
  await page.getByLabel('Access token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.locator('.chart canvas').waitFor();
  await page.getByRole('option').first().waitFor();
  await page.locator('#replicas .row-name').first().waitFor();
  return page;
}

async function take(page, name) {
  const file = join(images, `${name}.png`);
  await page.screenshot({ path: file, animations: 'disabled' });
  const { size } = statSync(file);
  console.log(`${file}: ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) throw new Stop(`${name} is larger than ${MOST_BYTES / 1000} kB.`);
}
