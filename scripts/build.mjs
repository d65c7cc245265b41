/** `npm run build`: dist/ from the sources, as `npm start` would make it. */
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { command } from './lib/command.mjs';
import { checkNode } from './lib/node-version.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await command(async () => {
  checkNode(root);
  await ensureBuilt(root);
  return 0;
});
