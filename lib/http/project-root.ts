import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of package.json, whether this runs from the sources or from dist/. */
export function projectRoot(): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) throw new Error('package.json is not there');
  }
}

export function projectVersion(): string {
  const file = path.join(projectRoot(), 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
