import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../helpers/free-port';
import { type NatsServer, readInfo, startNats } from '../helpers/nats-server';
import { onOwnNats } from '../helpers/suites';

/** A server that NATS_URL names is not ours to kill or restart. */
const whenOurs = onOwnNats('nats-server');

let nats: NatsServer | undefined;

async function start(pickPort?: () => Promise<number>): Promise<NatsServer> {
  nats = await startNats(pickPort);
  return nats;
}

function portOf(server: NatsServer): number {
  return Number(new URL(server.url).port || 4222);
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A process that stands for a jest worker: it starts a server, tells its id and stays. */
const STARTER = `
  require('tsx/cjs');
  require('./nats-server').startNats().then(({ pid }) => console.log(pid));
`;

/** Bounded by the test's own time limit. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(10);
}

afterEach(async () => {
  await nats?.stop();
  nats = undefined;
});

whenOurs('a nats-server of our own', () => {
  it('answers INFO as soon as it is handed out', async () => {
    const server = await start();
    expect(isAlive(server.pid)).toBe(true);
    expect((await readInfo(portOf(server)))?.server_name).toMatch(/^test-/);
  });

  it('keeps its port over a restart, in a new process', async () => {
    const server = await start();
    const before = { url: server.url, pid: server.pid, info: await readInfo(portOf(server)) };
    await server.restart();
    expect(server.url).toBe(before.url);
    expect(server.pid).not.toBe(before.pid);
    expect(isAlive(before.pid)).toBe(false);
    expect(await readInfo(portOf(server))).not.toEqual(before.info);
  });

  it('leaves no process and no listener behind when stopped, twice too', async () => {
    const server = await start();
    const { pid } = server;
    await server.stop();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    expect(server.pid).toBeUndefined();
    await expect(readInfo(portOf(server))).resolves.toBeUndefined();
  });

  it('comes back after a kill', async () => {
    const server = await start();
    const { pid } = server;
    await server.kill();
    expect(isAlive(pid)).toBe(false);
    await expect(readInfo(portOf(server))).resolves.toBeUndefined();
    await server.restart();
    await expect(readInfo(portOf(server))).resolves.toBeDefined();
  });

  it('takes another port when somebody was faster, even another NATS server', async () => {
    const rival = await start();
    const ports = [portOf(rival), await freePort()];
    const server = await startNats(async () => ports.shift() ?? (await freePort()));
    try {
      expect(server.url).not.toBe(rival.url);
      expect(isAlive(server.pid)).toBe(true);
    } finally {
      await server.stop();
    }
  });

  it('ends with the process that started it, even when that is killed', async () => {
    const starter = spawn(process.execPath, ['-e', STARTER], { cwd: join(__dirname, '../helpers'), stdio: 'pipe' });
    const [answer] = (await once(starter.stdout, 'data')) as [Buffer];
    const pid = Number(answer);
    expect(isAlive(pid)).toBe(true);
    starter.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });

  it('says what is wrong when no attempt works', async () => {
    const rival = await start();
    await expect(startNats(async () => portOf(rival))).rejects.toThrow(/nats-server on port \d+: it ended at once/);
  });
});

describe('the server of NATS_URL', () => {
  const given = process.env.NATS_URL;

  afterEach(() => {
    if (given === undefined) delete process.env.NATS_URL;
    else process.env.NATS_URL = given;
  });

  it('is handed out as it is: stop leaves it alone, kill and restart refuse', async () => {
    process.env.NATS_URL = 'nats://bus.example:4222';
    const server = await start();
    expect(server).toMatchObject({ url: 'nats://bus.example:4222', pid: undefined });
    await expect(server.stop()).resolves.toBeUndefined();
    await expect(server.kill()).rejects.toThrow('not ours');
    await expect(server.restart()).rejects.toThrow('not ours');
  });
});
