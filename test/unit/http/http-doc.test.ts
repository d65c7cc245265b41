import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROUTES } from '../../../lib/http/routes';

const read = (file: string) => readFileSync(path.join(__dirname, '../../../docs', file), 'utf8');

test('docs/HTTP.md lists every route with its scope, and no other', () => {
  const rows = [...read('HTTP.md').matchAll(/^\| ([A-Z]+) \| `(\/\S*)` \| ([^|]+) \| ([^|]+) \|$/gm)];
  const documented = rows.map(([, method, at, scope, what]) => [method, at, scope, what].join(' · '));
  const routes = ROUTES.map(({ method, path: at, scope, isForOneself, summary }) =>
    [method, at.replace(/:(\w+)/g, '{$1}'), scope + (isForOneself ? ', or oneself' : ''), summary].join(' · '),
  );
  expect(documented.sort()).toEqual(routes.sort());
});
