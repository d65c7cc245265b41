/**
 * `npm run test:clocks`: the suites that do not wait for real time, under clocks at which mistakes show. The clock runs on from where
 * it is set, for each process that is started. Arguments are jest's: `npm run test:clocks -- test/unit/calendar`. CLOCKS names some of
 * the clocks by a part of their names.
 */
import { fileURLToPath } from 'node:url';
import { command, run } from './lib/command.mjs';
import { ensureMongo } from './lib/mongo.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureFaketime, ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Half a minute before something happens, so that it happens meanwhile. */
const CLOCKS = [
  { name: 'a leap day begins', at: '2028-02-28 23:59:30', zone: 'UTC' },
  { name: 'a leap day ends', at: '2028-02-29 23:59:30', zone: 'Europe/Berlin' },
  { name: 'summer time begins in New York', at: '2027-03-14 01:59:30', zone: 'America/New_York' },
  { name: 'summer time ends in New York', at: '2027-11-07 01:59:30', zone: 'America/New_York' },
  { name: 'summer time begins in Berlin', at: '2027-03-28 01:59:30', zone: 'Europe/Berlin' },
  { name: 'summer time ends in Berlin', at: '2027-10-31 02:59:30', zone: 'Europe/Berlin' },
  { name: 'New Year', at: '2026-12-31 23:59:30', zone: 'UTC' },
  { name: 'New Year at the other side', at: '2027-12-31 23:59:30', zone: 'Pacific/Kiritimati' },
  { name: 'Saturday, ten past midnight', at: '2026-12-05 00:10:00', zone: 'Europe/Berlin' },
  { name: 'Monday night', at: '2026-12-07 23:30:00', zone: 'Europe/Berlin' },
  { name: 'the end of a month of 31 days', at: '2027-01-31 23:59:30', zone: 'Asia/Kathmandu' },
  { name: 'the end of a month of 30 days', at: '2027-04-30 23:59:30', zone: 'America/St_Johns' },
  { name: 'Turkish', at: '2027-06-15 12:00:00', zone: 'Europe/Istanbul', locale: 'tr_TR.UTF-8' },
];

/** Of the suites without a bus and a database the ones that measure nothing. */
const SUITES = ['test/unit', 'test/integration/http/(contract|semantics|access|tokens|rocketchat|examples)'];

await command(async () => {
  checkNode(root);
  await ensurePackages(root, { dev: true });
  await ensureServers();
  await ensureFaketime();
  await ensureMongo(root);
  const given = process.argv.slice(2);
  const failed = [];
  for (const clock of CLOCKS.filter(({ name }) => name.includes(process.env.CLOCKS ?? ''))) {
    console.log(`\n== ${clock.name}: ${clock.at} ${clock.zone}${clock.locale ? `, ${clock.locale}` : ''}`);
    const code = await runAt(clock, given.length > 0 ? given : SUITES);
    if (code !== 0) failed.push(clock.name);
  }
  console.log(failed.length > 0 ? `\nfailed: ${failed.join('; ')}` : '\nall clocks: ok');
  return failed.length > 0 ? 1 : 0;
});

async function runAt({ at, zone, locale }, args) {
  const jest = ['node_modules/jest/bin/jest.js', '--selectProjects', 'all', '--maxWorkers=2', '--silent', ...args];
  // Waiting goes by the monotonic clock, which runs as it always does.
  const env = {
    NODE_ENV: 'test',
    TZ: zone,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    ...(locale && { LC_ALL: locale, LANG: locale }),
  };
  return (await run('faketime', ['-f', `@${at}`, process.execPath, ...jest], { cwd: root, env })).code;
}
