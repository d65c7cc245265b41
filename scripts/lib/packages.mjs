import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, Stop } from './command.mjs';
import { withLock } from './lock.mjs';

/**
 * Installs the npm packages unless what package-lock.json names is there already.
 *
 * @param dev whether the packages of the build and the tests are needed too
 */
export async function ensurePackages(root, { dev }) {
  if (isInstalled(root, { dev })) return;
  await withLock(root, async () => {
    if (!isInstalled(root, { dev })) await install(root, { dev });
  });
}

async function install(root, { dev }) {
  console.log('installing packages...');
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  // NODE_ENV=production would leave out the compiler, and a fresh clone could not be built.
  const include = dev ? ['--include=dev'] : [];
  const { code, output } = await run('npm', ['ci', ...quiet, ...include], { cwd: root, quiet: true });
  if (code === 0) return;
  throw new Stop(`${output.trimEnd()}\nnpm ci failed.`, code);
}

/**
 * Compares package-lock.json with npm's own record of what it put into node_modules, so that an install by hand, a
 * prune and a changed lock file are all seen, without a mark of our own. npm writes that record last.
 */
export function isInstalled(root, { dev }) {
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  if (!installed) return false;
  const wanted = packagesIn(join(root, 'package-lock.json')) ?? {};
  return Object.entries(wanted).every(([path, want]) => {
    if (path === '' || (want.dev && !dev)) return true;
    const have = installed[path];
    if (!have) return want.optional === true || (want.devOptional === true && !dev);
    return have.version === want.version && have.integrity === want.integrity && existsSync(join(root, path));
  });
}

function packagesIn(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch {
    return undefined; // not there, or half written
  }
}
