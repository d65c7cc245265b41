import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');
/** design: domain → domain; lib → lib, domain; mixins → lib, domain; services → domain, lib, mixins; never a service from a service. */
const ALLOWED: Record<string, readonly string[]> = {
  domain: ['domain'],
  lib: ['lib', 'domain'],
  mixins: ['lib', 'domain', 'mixins'],
  services: ['domain', 'lib', 'mixins'],
};

interface Edge {
  readonly from: string;
  readonly to: string;
}

function sources(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));
}

/** What a text imports, by static import, re-export, require or dynamic import. */
export function importsOf(text: string): string[] {
  const pattern = /(?:\bfrom\s*|(?<!['"])\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g;
  return [...text.matchAll(pattern)].map((match) => match[2]!);
}

function forbidden({ from, to }: Edge): boolean {
  const folder = from.split(path.sep)[0]!;
  if (!to.startsWith('.')) return folder === 'domain';
  const target = path.normalize(path.join(path.dirname(from), to)).split(path.sep)[0]!;
  return !ALLOWED[folder]!.includes(target);
}

function edges(): Edge[] {
  return Object.keys(ALLOWED).flatMap((folder) =>
    sources(folder).flatMap((from) =>
      importsOf(readFileSync(path.join(ROOT, from), 'utf8')).map((to) => ({ from, to })),
    ),
  );
}

describe('imports', () => {
  test('no folder imports what it may not', () => {
    expect(edges().length).toBeGreaterThan(50);
    expect(edges().filter(forbidden)).toEqual([]);
  });

  test.each([
    ['domain/x.ts', '../lib/errors'],
    ['domain/x.ts', 'moleculer'],
    ['lib/store/x.ts', '../../services/presence.service'],
    ['lib/x.ts', '../mixins/store.mixin'],
    ['mixins/x.ts', '../services/health.service'],
    ['services/x.ts', './presence.service'],
    ['services/x.ts', '../test/helpers/replica'],
  ])('the guard sees %s importing %s', (from, to) => {
    expect(forbidden({ from, to })).toBe(true);
  });

  test('the guard reads every way of importing', () => {
    const text = `import a from 'a'; import type { B } from "b"; export * from 'c'; import 'd'; const e = require('e'); await import('f'); const g = 'import';`;
    expect(importsOf(text)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('nothing but env.ts and the entry point reads the environment', () => {
    const readers = Object.keys(ALLOWED)
      .flatMap(sources)
      .filter((file) => /process\.env\.\w|process\.env\[/.test(readFileSync(path.join(ROOT, file), 'utf8')));
    expect(readers).toEqual([]);
  });
});
