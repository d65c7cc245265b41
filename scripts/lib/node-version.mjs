import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stop } from './command.mjs';

/** One clear line instead of a syntax error from somewhere deep. The limit is package.json's own (engines.node). */
export function checkNode(root) {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [needMajor, needMinor] = engines.node.match(/\d+/g).map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new Stop(`Node.js ${needMajor}.${needMinor} or newer is needed, this is ${process.versions.node}.`);
}
