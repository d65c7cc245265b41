/** `npm run bench`: builds what is measured, makes sure of nats-server, and runs the benchmarks. */
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command, run } from './lib/command.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await command(async () => {
  checkNode(root);
  await ensurePackages(root, { dev: true });
  await ensureBuilt(root);
  await ensureServers();
  const { code } = await run(process.execPath, ['--import', 'tsx', 'bench/bus.ts'], { cwd: root });
  return code;
});
