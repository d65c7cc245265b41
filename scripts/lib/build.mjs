import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, Stop } from './command.mjs';
import { withLock } from './lock.mjs';
import { ensurePackages } from './packages.mjs';

const SETTINGS = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** Makes dist/ fit the sources, and node_modules/ what is needed next: the compiler's packages only for a build. */
export async function ensureBuilt(root) {
  if (isBuilt(root)) return ensurePackages(root, { dev: false });
  await ensurePackages(root, { dev: true });
  await withLock(root, async () => {
    if (!isBuilt(root)) await build(root);
  });
}

/** True when dist/ was built from these very sources, or when it came without any (a container image). */
export function isBuilt(root) {
  if (!existsSync(join(root, 'dist', 'main.js'))) return false;
  if (!existsSync(join(root, 'main.ts'))) return true;
  return readText(stampOf(root)) === fingerprint(root);
}

/** From an empty dist/: a service whose source was deleted must not be loaded from an old build. */
async function build(root) {
  console.log('building...');
  const stamp = fingerprint(root); // taken before: a source saved meanwhile makes the next start build again
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code } = await run(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root });
  if (code !== 0) throw new Stop('The build failed.', code);
  writeFileSync(stampOf(root), stamp);
}

/** By content, not by time: a checkout or a copy changes times and nothing else. */
function fingerprint(root) {
  const hash = createHash('sha256');
  for (const file of [...SETTINGS, ...sourcesOf(root)]) {
    hash.update(`\0${file}\0`).update(readText(join(root, file)) ?? '');
  }
  return hash.digest('hex');
}

/** The sources of tsconfig.build.json, whose "include" names files and folders, no patterns. */
function sourcesOf(root) {
  const { include } = JSON.parse(readText(join(root, 'tsconfig.build.json')));
  return include.flatMap((entry) => {
    const stat = statSync(join(root, entry), { throwIfNoEntry: false });
    if (!stat?.isDirectory()) return [entry];
    const names = readdirSync(join(root, entry), { recursive: true });
    return names
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(entry, name))
      .sort();
  });
}

function stampOf(root) {
  return join(root, 'dist', '.stamp');
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
