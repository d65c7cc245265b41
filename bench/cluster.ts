import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { ServiceBroker } from 'moleculer';
import { readConfig } from '../lib/env';
import { brokerOptions } from '../moleculer.config';
import { freePort } from '../test/helpers/free-port';
import { startNats } from '../test/helpers/nats-server';

export interface Cluster {
  /** A Moleculer node as Rocket.Chat's are: the one that calls. */
  readonly client: ServiceBroker;
  stop(): Promise<void>;
}

const ROOT = path.join(__dirname, '..');

/** A NATS server, a presence node and an echo node, each a process of its own, and a client in this one. */
export async function startCluster(dataDir: string): Promise<Cluster> {
  const nats = await startNats();
  const env = {
    ...process.env,
    TRANSPORTER: nats.url,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    PORT: String(await freePort()),
  };
  const nodes = [
    await startNode([path.join(ROOT, 'dist/main.js')], { ...env, INSTANCE_ID: 'bench-presence' }),
    await startNode(['--import', 'tsx', path.join(__dirname, 'echo-node.ts')], { ...env, INSTANCE_ID: 'bench-echo' }),
  ];
  const client = new ServiceBroker({
    ...brokerOptions(readConfig({ TRANSPORTER: nats.url, INSTANCE_ID: 'bench-client', LOG_LEVEL: 'error' })),
    logger: false,
  });
  await client.start();
  await client.waitForServices(['presence', 'echo'], 10_000);
  return {
    client,
    async stop() {
      await client.stop();
      await Promise.all(nodes.map(stopNode));
      await nats.stop();
    },
  };
}

/** Starts a node process and waits for the line by which it says that it runs. */
function startNode(args: string[], env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('is running')) resolve(child);
    });
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)));
  });
}

async function stopNode(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
