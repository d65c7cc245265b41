/** `npm start`: does what a fresh or changed clone still needs (packages, build), then becomes the node itself. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command, run } from './lib/command.mjs';
import { NODE_FLAGS } from './lib/node-flags.mjs';
import { checkNode } from './lib/node-version.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await command(async () => {
  checkNode(root);
  await ensureBuilt(root);
  const main = join(root, 'dist', 'main.js');
  const { code } = await run(process.execPath, [...NODE_FLAGS, main, ...process.argv.slice(2)], { cwd: root });
  return code;
});
