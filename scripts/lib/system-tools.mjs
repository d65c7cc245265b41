import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, Stop } from './command.mjs';

/** The real servers the suites run against. On Debian each package is named like its program. */
const SERVERS = [
  { name: 'nats-server', variable: 'NATS_URL' },
  { name: 'redis-server', variable: 'REDIS_URL' },
];

/** Browsers that can drive the dashboard in its tests, the first that is there. Debian's package is named like the first. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Proxies of the handbook, before which replicas are replaced. On Debian each package is named like its program. */
const PROXIES = ['caddy', 'nginx'];

/** Makes sure of the servers: named by a variable, or installed, or installed now by root on Debian. */
export async function ensureServers() {
  const missing = missingServers();
  if (missing.length === 0) return;
  if (canAptInstall()) await aptInstall(missing.map(({ name }) => name));
  const still = missingServers();
  if (still.length > 0) throw new Stop(adviceFor(still));
}

/** Makes sure of a browser where that is possible; without one the tests that need it are skipped, and say so. */
export async function ensureBrowser() {
  if (findBrowser() || !canAptInstall()) return;
  await aptInstall([BROWSERS[0]]);
}

/** The same of the proxies. */
export async function ensureProxies() {
  const missing = PROXIES.filter((name) => !findProgram(name));
  if (missing.length > 0 && canAptInstall()) await aptInstall(missing);
}

/** Makes sure of faketime, which sets the clock of a process. */
export async function ensureFaketime() {
  if (findProgram('faketime')) return;
  if (canAptInstall()) await aptInstall(['faketime']);
  if (!findProgram('faketime'))
    throw new Stop('This needs faketime. Install it with "apt-get install faketime" as root.');
}

/** @returns the program that CHROMIUM names, else one that is installed; undefined: there is none */
export function findBrowser() {
  return process.env.CHROMIUM || BROWSERS.map(findProgram).find(Boolean);
}

function missingServers() {
  return SERVERS.filter(({ name, variable }) => !process.env[variable] && !findProgram(name));
}

function adviceFor(servers) {
  const names = servers.map(({ name }) => name).join(' ');
  const variables = servers.map(({ variable }) => variable).join(' and ');
  return `The tests need: ${names}. Install with "apt-get install ${names}" as root, or set ${variables}.`;
}

/** True for root on Debian and its kin. */
export function canAptInstall() {
  return process.getuid?.() === 0 && findProgram('apt-get') !== undefined;
}

/** Installs Debian packages, saying so; what went wrong is printed, and the caller looks whether they are there. */
export async function aptInstall(names) {
  console.log(`installing ${names.join(', ')} (apt-get)...`);
  // A machine that has just booted may still be updating itself: wait for the package lock.
  const apt = (...args) =>
    run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      quiet: true,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  const update = await apt('update');
  const install = await apt('install', '-y', '--no-install-recommends', ...names);
  // A failed update alone (one broken source of many) does not matter while the packages are found.
  if (install.code !== 0) console.error(`${update.output}${install.output}`.trimEnd());
}

/** Looks on the PATH and in /usr/sbin: Debian puts nats-server there, and the PATH of ordinary users leaves it out. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
