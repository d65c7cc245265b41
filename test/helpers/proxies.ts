import { spawn } from 'node:child_process';
import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bareEnv } from './clock-env';
import { endProcess, endWithUs } from './child-process';
import { sampleOf } from './document-samples';
import { eventually } from './eventually';
import { findProgram } from './find-program';
import { freePort } from './free-port';

export const PROXIES = ['caddy', 'nginx'] as const;

export interface Proxy {
  readonly url: string;
  stop(): Promise<void>;
}

interface Setting {
  readonly folder: string;
  readonly port: number;
  /** As the handbook has it, but for the ports of the replicas. */
  readonly sample: string;
}

/** The handbook's configuration without TLS, and the program's arguments. */
const SETTINGS: Record<(typeof PROXIES)[number], (setting: Setting) => [config: string, ...args: string[]]> = {
  caddy: ({ folder, port, sample }) => [
    `{\n admin off\n auto_https off\n}\n${sample.replace('presence.example.org {', `http://127.0.0.1:${port} {`)}`,
    ...['run', '--adapter', 'caddyfile', '--config', path.join(folder, 'config')],
  ],
  nginx: ({ folder, port, sample }) => [
    [
      `daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off;`,
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`),
      sample.replace('listen 443 ssl;', `listen 127.0.0.1:${port};`).replace(/^ *ssl_certificate.*$/gm, ''),
      '}',
    ].join('\n'),
    ...['-p', folder, '-c', path.join(folder, 'config')],
  ],
};
const BEGINS = { caddy: 'presence.example.org {', nginx: 'map $http_upgrade' } as const;

/** The real program with the configuration of docs/OPERATIONS.md, before two replicas on these ports. */
export async function startProxy(name: (typeof PROXIES)[number], replicas: readonly [number, number]): Promise<Proxy> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), `${name}-`));
  const port = await freePort();
  const { text: written } = sampleOf('docs/OPERATIONS.md', BEGINS[name]);
  const sample = written.replaceAll(':3005', `:${replicas[0]}`).replaceAll(':3006', `:${replicas[1]}`);
  const [config, ...args] = SETTINGS[name]({ folder, port, sample });
  await fs.writeFile(path.join(folder, 'config'), config);
  const child = spawn(findProgram(name)!, args, { stdio: 'ignore', env: { ...bareEnv(), HOME: folder } });
  endWithUs(child);
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => expect((await fetch(`${url}/health`)).status).toBe(200), { timeoutMs: 15_000 });
  return {
    url,
    stop: async () => {
      await endProcess(child, 'SIGTERM');
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}
