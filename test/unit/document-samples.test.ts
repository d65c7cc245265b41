import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DOCUMENTS, readDocument, samplesOf } from '../helpers/document-samples';

const ROOT = path.join(__dirname, '../..');

/** Which test runs each sample of the documents, by how it begins. Commands that need a Docker engine or Kubernetes are held against the files they name. */
const RUN_BY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': {
    'npm start    #': 'test/integration/documents.test.ts',
    'curl http://127.0.0.1:3005/health': 'test/integration/first-screen.test.ts',
    'TOKEN=$(cat data/api-token)': 'test/integration/http/examples.test.ts',
    'npm start -- --repl': 'test/integration/documents.test.ts',
    'mol $ call presence.newConnection': 'test/integration/first-screen.test.ts',
    'TRANSPORTER=nats://127.0.0.1:4222': 'test/integration/documents.test.ts',
    'MONGO_URL=': 'test/integration/documents.test.ts',
  },
  'docs/API.md': { 'await broker.call': 'test/integration/documents.test.ts' },
  'docs/ARCHITECTURE.md': { '  Rocket.Chat nodes': 'test/unit/document-samples.test.ts' },
  'docs/CALLBACKS.md': {
    'curl -X POST': 'test/integration/http/examples.test.ts',
    'POST /hook': 'test/unit/callbacks/doc.test.ts',
    "const http = require('node:http');": 'test/unit/callbacks/doc.test.ts',
    'const { createHmac': 'test/unit/callbacks/doc.test.ts',
  },
  'docs/EVENTS.md': { '[{': 'test/integration/documents.test.ts' },
  'docs/HTTP.md': {
    'TOKEN=$(cat': 'test/integration/http/examples.test.ts',
    'curl -H': 'test/integration/http/examples.test.ts',
    '{"type": "/problems/INVALID_ARGUMENT"': 'test/integration/http/examples.test.ts',
  },
  'docs/OPERATIONS.md': {
    'npm start ': 'test/integration/documents.test.ts',
    'API_TOKENS="ops:admin': 'test/unit/deploy.test.ts',
    'cp deploy/k8s': 'test/unit/deploy.test.ts',
    'presence.example.org {': 'test/integration/http/proxies.test.ts',
    'map $http_upgrade': 'test/integration/http/proxies.test.ts',
    'curl -H': 'test/integration/http/examples.test.ts',
    'mol $ presence ann': 'test/integration/repl.test.ts',
  },
  'docs/WEBSOCKET.md': {
    '→ {"op":"auth"': 'test/integration/socket-example.test.ts',
    'function watch(': 'test/integration/socket-example.test.ts',
  },
};

test.each(DOCUMENTS)('each sample of %s is run by a test that reads that document', (file) => {
  const runBy = Object.entries(RUN_BY[file] ?? {});
  const without = samplesOf(file).filter(({ text }) => !runBy.some(([begins]) => text.startsWith(begins)));
  expect(without).toEqual([]);
  const gone = runBy.filter(([begins]) => !samplesOf(file).some(({ text }) => text.startsWith(begins)));
  expect(gone).toEqual([]);
  for (const [, suite] of runBy) {
    const where = path.join(ROOT, suite);
    expect([suite, existsSync(where)]).toEqual([suite, true]);
    expect(readFileSync(where, 'utf8')).toContain(path.basename(file));
  }
});

test('ARCHITECTURE.md names files and folders that are there', () => {
  const named = [
    ...readDocument('docs/ARCHITECTURE.md').matchAll(/\b(?:lib|services|mixins|domain|test)\/[\w./-]*\w/g),
  ];
  const names = [...new Set(named.map(([name]) => name))];
  expect(names.length).toBeGreaterThan(10);
  const isThere = (name: string) =>
    ['', '.ts', '.mixin.ts'].some((ending) => existsSync(path.join(ROOT, name + ending)));
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});
