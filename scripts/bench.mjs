/** `npm run bench`, all sections or those named (`-- mongo`): builds what is measured, makes sure of nats-server, runs. */
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command, run } from './lib/command.mjs';
import { NODE_FLAGS } from './lib/node-flags.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureServers } from './lib/system-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await command(async () => {
  checkNode(root);
  await ensurePackages(root, { dev: true });
  await ensureBuilt(root);
  await ensureServers();
  const args = [...NODE_FLAGS, '--import', 'tsx', 'bench/main.ts', ...process.argv.slice(2)];
  const { code } = await run(process.execPath, args, { cwd: root });
  return code;
});
