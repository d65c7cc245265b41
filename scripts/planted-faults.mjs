/**
 * `npm run test:planted`: plants one fault after the other in a copy of the project and expects the suite that is named with it
 * to turn red. With words: only faults whose names hold them.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command, run, Stop } from './lib/command.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { FAULTS } from './lib/planted-faults.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const NOT_COPIED = ['node_modules', 'dist', 'data', '.cache', '.git'];
const words = process.argv.slice(2).join(' ');

await command(async () => {
  await ensurePackages(root, { dev: true });
  const faults = FAULTS.filter(({ name }) => name.includes(words));
  if (faults.length === 0) throw new Stop(`No fault is named "${words}".`);
  const copy = mkdtempSync(join(tmpdir(), 'planted-'));
  try {
    cpSync(root, copy, { recursive: true, filter: (file) => !NOT_COPIED.some((name) => file === join(root, name)) });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const suites = [...new Set(faults.map(({ suite }) => suite))];
    if (await isRed(copy, suites)) throw new Stop(`Without a fault these are red already: ${suites.join(', ')}.`);
    const missed = [];
    for (const fault of faults) if (!(await isFound(copy, fault))) missed.push(fault.name);
    console.log(`${faults.length - missed.length} of ${faults.length} planted faults found`);
    return missed.length === 0 ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

async function isFound(copy, { name, file, from, to, suite }) {
  const place = join(copy, file);
  const sound = readFileSync(place, 'utf8');
  if (sound.split(from).length !== 2) throw new Stop(`${file} does not hold exactly once: ${from}`);
  writeFileSync(
    place,
    sound.replace(from, () => to),
  );
  try {
    const found = await isRed(copy, [suite]);
    console.log(`${found ? 'found ' : 'MISSED'}  ${name} (${suite})`);
    return found;
  } finally {
    writeFileSync(place, sound);
  }
}

async function isRed(copy, suites) {
  const jest = join(copy, 'node_modules', 'jest', 'bin', 'jest.js');
  const patterns = `--testPathPatterns=${suites.map((suite) => `test/${suite}`).join('|')}`;
  const args = [jest, '--rootDir', copy, '--selectProjects', 'unit', 'integration', '--silent', patterns];
  return (await run(process.execPath, args, { cwd: copy, quiet: true })).code !== 0;
}
