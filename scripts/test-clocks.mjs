/**
 * `npm run test:clocks`: the suites, but those that wait or measure long, under clocks at which mistakes show. All processes of a run
 * agree on the clock, and it runs on. Other arguments go to jest: `npm run test:clocks -- test/unit/calendar`. CLOCKS names some of
 * the clocks by a part of their names.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command, Stop } from './lib/command.mjs';
import { reportCount, runJest } from './lib/jest.mjs';
import { ensureMongo } from './lib/mongo.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureBrowser, ensureFaketime, ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Half a minute before something happens, so that it happens meanwhile. */
const CLOCKS = [
  { name: 'a leap day begins', at: '2028-02-28T23:59:30Z', zone: 'UTC' },
  { name: 'a leap day ends', at: '2028-02-29T23:59:30+01:00', zone: 'Europe/Berlin' },
  { name: 'summer time begins in New York', at: '2027-03-14T01:59:30-05:00', zone: 'America/New_York' },
  { name: 'summer time ends in New York', at: '2027-11-07T01:59:30-04:00', zone: 'America/New_York' },
  { name: 'summer time begins in Berlin', at: '2027-03-28T01:59:30+01:00', zone: 'Europe/Berlin' },
  { name: 'summer time ends in Berlin', at: '2027-10-31T02:59:30+02:00', zone: 'Europe/Berlin' },
  { name: 'New Year', at: '2026-12-31T23:59:30Z', zone: 'UTC' },
  { name: 'New Year at the other side', at: '2027-12-31T23:59:30+14:00', zone: 'Pacific/Kiritimati' },
  { name: 'Saturday, ten past midnight', at: '2026-12-05T00:10:00+01:00', zone: 'Europe/Berlin' },
  { name: 'Monday night', at: '2026-12-07T23:30:00+01:00', zone: 'Europe/Berlin' },
  { name: 'the end of a month of 31 days', at: '2027-01-31T23:59:30+05:45', zone: 'Asia/Kathmandu' },
  { name: 'the end of a month of 30 days', at: '2027-04-30T23:59:30-02:30', zone: 'America/St_Johns' },
  { name: 'Turkish', at: '2027-06-15T12:00:00+03:00', zone: 'Europe/Istanbul', locale: 'tr_TR.UTF-8' },
  { name: 'Persian', at: '2027-03-20T23:59:30+03:30', zone: 'Asia/Tehran', locale: 'fa_IR.UTF-8' },
];

/** They wait for real time, measure it, or try what no clock changes: servers that go and come, hostile clients. */
const LEFT_OUT = [
  '\\.alone\\.test\\.ts$',
  'integration/(hostile|dashboard)/',
  'integration/(disk-full|documents|embedded-kill|first-screen|instance-id|mongo-|nats-|waiting-start|socket-(fuzz|slow))',
  'integration/bus/(leases|replaced-nodes|returned-nodes|unseen-nodes)',
  'integration/http/(browsers|drain|fuzz|proxies|slow)',
  'integration/mongo/(leader|lost-answers|observer|operat|outage|outside|redis-cache|role|step-down)',
  'integration/rocketchat/(mirror|service-account)',
];

await command(async () => {
  const clocks = CLOCKS.filter(({ name }) => name.includes(process.env.CLOCKS ?? ''));
  if (clocks.length === 0) throw new Stop(`No clock has "${process.env.CLOCKS}" in its name.`);
  await prepare();
  const failed = [];
  for (const clock of clocks) {
    const { name, at, zone, locale } = clock;
    console.log(`\n== ${name}: ${at} ${zone}${locale ? `, ${locale}` : ''}`);
    const startedAtMs = Date.now();
    const code = await runAt(clock, process.argv.slice(2));
    reportCount(root);
    console.log(`${name}: ${code === 0 ? 'ok' : 'failed'}, ${((Date.now() - startedAtMs) / 1000).toFixed(0)} s`);
    if (code !== 0) failed.push(name);
  }
  console.log(failed.length > 0 ? `\nfailed: ${failed.join('; ')}` : '\nall clocks: ok');
  return failed.length > 0 ? 1 : 0;
});

async function prepare() {
  checkNode(root);
  await ensurePackages(root, { dev: true });
  await ensureServers();
  await ensureBrowser();
  await ensureFaketime();
  await ensureMongo(root);
  await ensureBuilt(root);
}

function runAt({ at, zone, locale }, given) {
  // An offset, not a time: with that the clock would begin there again in each process that is started.
  const offsetS = Math.round((Date.parse(at) - Date.now()) / 1000);
  const env = {
    TZ: zone,
    // Waiting goes by the monotonic clock, which runs as it always does.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // By itself faketime turns this on, and then an idle MongoDB takes a whole core.
    FAKETIME_FORCE_MONOTONIC_FIX: '0',
    ...(locale && { LC_ALL: locale, LANG: locale }),
  };
  const suites = [`--testPathIgnorePatterns=${LEFT_OUT.join('|')}`, '--selectProjects', 'unit', 'integration'];
  const workers = `--maxWorkers=${2 * availableParallelism()}`;
  const under = ['faketime', '-f', `${offsetS < 0 ? '' : '+'}${offsetS}`];
  return runJest(root, [workers, '--silent', ...(given.length > 0 ? given : suites)], { under, env });
}
