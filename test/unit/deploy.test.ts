import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CONFIG_DEFAULTS } from '../../lib/config/env';
import { HEALTH_PATH } from '../../lib/http/health';
import { commandsIn, sampleOf } from '../helpers/document-samples';

const ROOT = path.join(__dirname, '../..');
const PRETTIER = path.join(ROOT, 'node_modules/prettier/bin/prettier.cjs');

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

interface GrafanaPanel {
  readonly id: number;
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

interface GrafanaDashboard {
  readonly uid: string;
  readonly panels: readonly GrafanaPanel[];
}

const grafana = JSON.parse(read('deploy/grafana/presence.json')) as GrafanaDashboard;
const alerts = [...read('deploy/prometheus/alerts.yml').matchAll(/^ +expr: (.+)$/gm)].map(([, expr]) => expr!);

/** The first column of the tables of metrics: names, sometimes with labels in braces. */
function documentedMetrics(): Set<string> {
  const cells = [...read('docs/OPERATIONS.md').matchAll(/^\| (`presence_[^|]+) \|/gm)].map(([, cell]) => cell!);
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/presence_[a-z_]+/g)].map(([name]) => name)));
}

/** Metrics that an expression asks for. A histogram is asked for by its buckets. */
function metricsIn(expression: string): string[] {
  return [...expression.matchAll(/presence_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));
}

/** Labels that an expression sums by. */
function labelsIn(expression: string): string[] {
  return [...expression.matchAll(/by \(([^)]+)\)/g)].flatMap(([, list]) => list!.split(/, */));
}

/** Names in capitals that are given a value, in the ways compose and Kubernetes have for that. */
function variablesIn(text: string): string[] {
  const settings = /^ +(?:- )?(?:\{ )?(?:name: )?([A-Z][A-Z_]+)(?::|,|$)|\b([A-Z][A-Z_]+): presence-/gm;
  return [...text.matchAll(settings)].map(([, one, other]) => (one ?? other)!);
}

/** The text of each source file below a folder. */
function sourcesOf(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(path.join(folder, file)));
}

/** Names of metrics as they are registered, in Prometheus' spelling. */
function registeredMetrics(): Set<string> {
  const names = sourcesOf('lib').flatMap((text) => [
    ...text.matchAll(/(?:name: |histogram\(\s*)'(presence\.[a-z.]+)'/g),
  ]);
  return new Set(names.map(([, name]) => name!.replaceAll('.', '_')));
}

test('docs/OPERATIONS.md explains every metric, and no other', () => {
  expect([...documentedMetrics()].sort()).toEqual([...registeredMetrics()].sort());
});

describe('the dashboard for Grafana', () => {
  test('asks for metrics that docs/OPERATIONS.md explains', () => {
    const asked = grafana.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr)));
    expect(asked.length).toBeGreaterThanOrEqual(grafana.panels.length);
    const documented = documentedMetrics();
    expect(asked.filter((name) => !documented.has(name))).toEqual([]);
  });

  test('sums by labels that the metrics have', () => {
    const registered = sourcesOf('lib').flatMap((text) => [...text.matchAll(/labelNames: \[([^\]]+)\]/g)]);
    const labels = registered.flatMap(([, list]) => [...list!.matchAll(/'(\w+)'/g)].map(([, label]) => label!));
    // Prometheus' own, and the bounds of buckets.
    const known = new Set([...labels, 'instance', 'le']);
    const asked = grafana.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => labelsIn(expr)));
    expect(asked).toEqual(expect.arrayContaining(['status', 'cause', 'kind', 'outcome', 'instance_id']));
    expect([...asked, ...alerts.flatMap(labelsIn)].filter((label) => !known.has(label))).toEqual([]);
  });

  test('has panels that can be told apart, each with something to ask', () => {
    const { panels } = grafana;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.filter(({ title, targets }) => !title || targets.length === 0)).toEqual([]);
  });
});

test('alerts are about metrics that docs/OPERATIONS.md explains, and it explains each alert', () => {
  const text = read('deploy/prometheus/alerts.yml');
  const documented = documentedMetrics();
  expect(alerts).toHaveLength([...text.matchAll(/^ +- alert: /gm)].length);
  expect(alerts.flatMap(metricsIn).filter((name) => !documented.has(name))).toEqual([]);
  const names = [...text.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
  const explained = [...read('docs/OPERATIONS.md').matchAll(/^\| `(Presence\w+)` \|/gm)].map(([, name]) => name!);
  expect(explained.sort()).toEqual(names.sort());
});

describe('files for deployment', () => {
  const files = readdirSync(path.join(ROOT, 'deploy'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file))
    .map((file) => path.join('deploy', file));

  test('are well-formed', () => {
    expect(files.length).toBeGreaterThan(5);
    // Throws with the place where one is not.
    const listed = execFileSync(process.execPath, [PRETTIER, '--check', ...files], { cwd: ROOT, encoding: 'utf8' });
    expect(listed).toContain('All matched files');
  });

  test('set variables that the node reads', () => {
    const set = files.filter((file) => /compose|k8s/.test(file)).flatMap((file) => variablesIn(read(file)));
    expect(set).toEqual(
      expect.arrayContaining(['MONGO_URL', 'TRANSPORTER', 'INSTANCE_ID', 'MS_METRICS', 'API_TOKENS']),
    );
    expect(set.filter((name) => !(name in CONFIG_DEFAULTS))).toEqual([]);
  });

  test('name the ports and paths that the node serves', () => {
    const { PORT, MS_METRICS_PORT } = CONFIG_DEFAULTS;
    const inside = (file: string, pattern: RegExp) => [...read(file).matchAll(pattern)].map(([, found]) => found!);
    const both = [String(PORT), String(MS_METRICS_PORT)];
    expect(inside('Dockerfile', /^EXPOSE (.+)$/gm)).toEqual([both.join(' ')]);
    expect(inside('deploy/k8s/deployment.yaml', /containerPort: (\d+)/g)).toEqual(both);
    expect(inside('deploy/k8s/deployment.yaml', /prometheus.io\/port: '(\d+)'/g)).toEqual([both[1]]);
    expect(inside('deploy/k8s/service.yaml', / port: (\d+), targetPort: http/g)).toEqual([both[0]]);
    const published = inside('deploy/docker-compose.yml', /'127\.0\.0\.1:\d+:(\d+)'/g);
    expect(published).toEqual([...both, ...both]);
    const scraped = inside('deploy/prometheus/prometheus.yml', /'127\.0\.0\.1:(\d+)'/g);
    const metricsPorts = inside('deploy/docker-compose.yml', new RegExp(`:(\\d+):${both[1]}'`, 'g'));
    expect(scraped).toEqual(metricsPorts);
    const probed = inside('deploy/k8s/deployment.yaml', /httpGet: \{ path: (\S+), port: http \}/g);
    expect(probed).toEqual([HEALTH_PATH]);
    expect(read('Dockerfile')).toContain(`|| ${both[0]}}${HEALTH_PATH}\`)`);
  });
});

test('every package that the built node loads is a dependency, not one of development', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  const sources = ['lib', 'mixins', 'services', 'domain'].flatMap(sourcesOf);
  const loads = /^(?:import (?!type).*|\} )from '([^.'][^']*)'|require(?:\.resolve)?\('([^.'][^']*)'\)/gm;
  const names = [...sources, read('main.ts'), read('moleculer.config.ts')]
    .flatMap((text) => [...text.matchAll(loads)].map(([, imported, required]) => (imported ?? required)!))
    .filter((name) => !name.startsWith('node:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  expect(names).toEqual(expect.arrayContaining(['helmet', 'uplot', 'swagger-ui-dist', 'ws']));
  expect(names).toEqual(expect.arrayContaining(['moleculer-web', 'standardwebhooks', 'request-filtering-agent']));
  expect([...new Set(names)].filter((name) => !(name in dependencies))).toEqual([]);
});

test('no probe of Kubernetes kills a node that waits: only the one for traffic asks what /health says', () => {
  const probes = [...read('deploy/k8s/deployment.yaml').matchAll(/^ +(\w+)Probe:\n((?: {12,}.*\n)+)/gm)];
  const kinds = probes.map(([, name, text]) => [name, text!.includes('httpGet') ? 'what it says' : 'that it answers']);
  expect(kinds).toEqual([
    ['startup', 'that it answers'],
    ['readiness', 'what it says'],
    ['liveness', 'that it answers'],
  ]);
  const commands = probes.flatMap(([, , text]) => /- "(.*)"/.exec(text!)?.[1] ?? []);
  expect(commands).toHaveLength(2);
  expect(commands.filter((command) => /\.(ok|status)\b/.test(command))).toEqual([]);
});

describe('docs/OPERATIONS.md', () => {
  test('names files and objects of Docker and Kubernetes that are there', () => {
    const commands = [
      ...commandsIn(sampleOf('docs/OPERATIONS.md', 'API_TOKENS="ops:admin')),
      ...commandsIn(sampleOf('docs/OPERATIONS.md', 'cp deploy/k8s')),
    ];
    const named = commands.flatMap((line) => [...line.matchAll(/deploy\/[\w./-]+/g)].map(([name]) => name));
    expect(named.length).toBeGreaterThanOrEqual(3);
    expect(named.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
    const [, deployment] = /deployment\/(\S+)/.exec(commands.join('\n'))!;
    expect(read('deploy/k8s/deployment.yaml')).toMatch(
      new RegExp(`kind: Deployment\\nmetadata:\\n  name: ${deployment}\\n`),
    );
    const [, listed] = /resources:\n((?: +- .*\n)+)/.exec(read('deploy/k8s/kustomization.yaml')) ?? [];
    for (const [, file] of (listed ?? '').matchAll(/- (\S+)/g)) {
      expect(existsSync(path.join(ROOT, 'deploy/k8s', file!))).toBe(true);
    }
    const variables = variablesIn(read('deploy/k8s/secret.example.yaml'));
    expect(variables).toEqual(expect.arrayContaining(['MONGO_URL', 'TRANSPORTER', 'API_TOKENS']));
  });

  test('starts Node.js under systemd, and the image in Docker, as npm start does', () => {
    const flags = [...read('scripts/lib/node-flags.mjs').matchAll(/'(--[\w=-]+)'/g)].map(([, flag]) => flag!);
    expect(flags.length).toBeGreaterThan(1);
    expect(read('docs/OPERATIONS.md')).toContain(`/node ${flags.join(' ')} dist/main.js`);
    expect(read('Dockerfile')).toContain(
      `CMD ${JSON.stringify(['node', ...flags, 'dist/main.js']).replaceAll(',', ', ')}`,
    );
  });
});

describe('Dockerfile', () => {
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
    sources!.split(' '),
  );
  const [, ...admitted] = read('.dockerignore').match(/^[*!].*$/gm)!;
  const inContext = admitted.map((line) => line.slice(1));

  test('what it copies is let into the build, and is there', () => {
    expect(copied).toContain('dashboard');
    for (const source of copied.filter((one) => one !== '.')) {
      expect(inContext).toContain(source);
      expect(existsSync(path.join(ROOT, source))).toBe(true);
    }
  });

  test('what is compiled is let into the build', () => {
    const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] };
    expect(inContext).toEqual(expect.arrayContaining(include));
  });
});
