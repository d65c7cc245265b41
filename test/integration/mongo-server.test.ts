import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../helpers/free-port';
import { argsOf, findMongoProgram } from '../helpers/mongo-program';
import {
  freshDatabase,
  type MongoOptions,
  type MongoServer,
  pidBehind,
  sizes,
  startMongo,
  withDb,
} from '../helpers/mongo-server';
import { withDatabase } from '../helpers/mongo-url';
import { onOwnMongo } from '../helpers/suites';

/** A server that MONGO_URL names is not ours to kill or restart. */
const whenOurs = onOwnMongo('mongo-server');
const given = { MONGO_URL: process.env.MONGO_URL, MONGOD: process.env.MONGOD, PATH: process.env.PATH };

let mongo: MongoServer | undefined;

async function start(options?: MongoOptions, pickPort?: () => Promise<number>): Promise<MongoServer> {
  mongo = await startMongo(options, pickPort);
  return mongo;
}

function portOf(server: MongoServer): number {
  return Number(new URL(server.url('any')).port);
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Bounded by the test's own time limit. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(20);
}

/** A process that stands for a jest worker: it starts a server, tells of it and stays. */
const STARTER = `
  require('tsx/cjs');
  require('./mongo-server').startMongo().then(({ pid, folder }) => console.log(JSON.stringify({ pid, folder })));
`;

afterEach(async () => {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await mongo?.stop();
  mongo = undefined;
});

whenOurs('a MongoDB server of our own', () => {
  it('answers a ping as soon as it is handed out', async () => {
    const server = await start();
    expect(isAlive(server.pid)).toBe(true);
    await expect(withDb(server.url('any'), (db) => db.command({ ping: 1 }))).resolves.toMatchObject({ ok: 1 });
  });

  it('when durable, has every acknowledged write after a kill and a restart', async () => {
    const server = await start({ durable: true });
    const before = { url: server.url('kept'), pid: server.pid };
    for (let i = 0; i < 50; i += 1) {
      const options = { writeConcern: { w: 'majority' as const, j: true } };
      await withDb(before.url, (db) => db.collection<{ _id: number }>('rows').insertOne({ _id: i }, options));
    }
    await server.kill();
    expect(isAlive(before.pid)).toBe(false);
    expect(server.pid).toBeUndefined();
    await expect(pidBehind(portOf(server))).resolves.toBeUndefined();
    await server.restart();
    expect(server.url('kept')).toBe(before.url);
    await expect(withDb(before.url, (db) => db.collection('rows').countDocuments({}))).resolves.toBe(50);
  });

  it('keeps its port and its data over an orderly restart, in a new process', async () => {
    const server = await start();
    const { pid } = server;
    const url = server.url('kept');
    await withDb(url, (db) => db.collection('rows').insertOne({ text: 'kept' }));
    await server.restart();
    expect(server.url('kept')).toBe(url);
    expect(isAlive(pid)).toBe(false);
    await expect(pidBehind(portOf(server))).resolves.toBe(server.pid);
    await expect(withDb(url, (db) => db.collection('rows').countDocuments({}))).resolves.toBe(1);
  });

  it('leaves no process, no listener and no data behind when stopped, twice too', async () => {
    const server = await start();
    const { pid, folder = '' } = server;
    expect(existsSync(folder)).toBe(true);
    await server.stop();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    expect(server.pid).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
    await expect(pidBehind(portOf(server))).resolves.toBeUndefined();
  });

  it('takes another port when somebody was faster, even another MongoDB server', async () => {
    const rival = await start();
    const ports = [portOf(rival), await freePort()];
    const server = await startMongo({}, async () => ports.shift() ?? (await freePort()));
    try {
      expect(portOf(server)).not.toBe(portOf(rival));
      expect(isAlive(server.pid)).toBe(true);
    } finally {
      await server.stop();
    }
  });

  it('ends, data included, with the process that started it, even when that is killed', async () => {
    const starter = spawn(process.execPath, ['-e', STARTER], { cwd: join(__dirname, '../helpers'), stdio: 'pipe' });
    const [answer] = (await once(starter.stdout, 'data')) as [Buffer];
    const { pid, folder } = JSON.parse(String(answer)) as { pid: number; folder: string };
    expect([isAlive(pid), existsSync(folder)]).toEqual([true, true]);
    starter.kill('SIGKILL');
    await until(() => !isAlive(pid) && !existsSync(folder));
  });

  it('says what is wrong when no attempt works', async () => {
    const rival = await start();
    await expect(startMongo({}, async () => portOf(rival))).rejects.toThrow(/on port \d+: it ended at once/);
  });
});

describe('a fresh database', () => {
  it('is another one every time, and gone when dropped', async () => {
    const server = await start();
    const [one, two] = [freshDatabase(server), freshDatabase(server)];
    expect(one.name).not.toBe(two.name);
    for (const { url } of [one, two]) await withDb(url, (db) => db.collection('rows').insertOne({ text: 'here' }));
    await one.drop();
    await expect(withDb(one.url, (db) => db.collection('rows').countDocuments({}))).resolves.toBe(0);
    await expect(withDb(two.url, (db) => db.collection('rows').countDocuments({}))).resolves.toBe(1);
    await two.drop();
  });
});

describe('the server of MONGO_URL', () => {
  it('is handed out as it is: stop leaves it alone, kill and restart refuse', async () => {
    process.env.MONGO_URL = 'mongodb://db.example:27017/presence_test';
    const server = await start();
    expect(server).toMatchObject({ kind: 'external', slow: false, pid: undefined });
    expect(server.url('other')).toBe('mongodb://db.example:27017/other');
    await expect(server.stop()).resolves.toBeUndefined();
    await expect(server.kill()).rejects.toThrow('not ours');
    await expect(server.restart()).rejects.toThrow('not ours');
  });

  it.each([
    ['mongodb://a', 'mongodb://a/other'],
    ['mongodb://a:1,b:2/?replicaSet=rs', 'mongodb://a:1,b:2/other?replicaSet=rs'],
    ['mongodb+srv://a/x?w=1&tls=true', 'mongodb+srv://a/other?w=1&tls=true'],
    ['mongodb://u:p@a/users', 'mongodb://u:p@a/other?authSource=users'],
    ['mongodb://u:p@a/?w=1', 'mongodb://u:p@a/other?w=1&authSource=admin'],
    ['mongodb://u:p@a/x?authSource=y', 'mongodb://u:p@a/other?authSource=y'],
  ])('%s: another database, the same user', (url, expected) => {
    expect(withDatabase(url, 'other')).toBe(expected);
  });

  it('is refused when it is no such URL, without telling it', () => {
    expect(() => withDatabase('postgres://u:secret@a/x', 'other')).toThrow('MONGO_URL must look like mongodb://');
    expect(() => withDatabase('postgres://u:secret@a/x', 'other')).not.toThrow('secret');
  });
});

describe('the program to start', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'presence-programs-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function program(name: string, help = ''): string {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\necho '${help}'\n`, { mode: 0o755 });
    return file;
  }

  it('is the one of MONGOD before one on the PATH, and mongod there before its stand-in', () => {
    const [standIn, real, named] = [program('secantusd-rs'), program('mongod'), program('mongod-8.0', '--dbpath')];
    process.env.PATH = folder;
    process.env.MONGOD = named;
    expect(findMongoProgram()).toEqual({ file: named, flavor: 'mongod' });
    process.env.MONGOD = 'secantusd-rs';
    expect(findMongoProgram()).toEqual({ file: standIn, flavor: 'native' });
    delete process.env.MONGOD;
    expect(findMongoProgram()).toEqual({ file: real, flavor: 'mongod' });
    rmSync(real);
    expect(findMongoProgram()).toEqual({ file: standIn, flavor: 'native' });
  });

  it('is asked for its help when its name does not tell what it is', () => {
    process.env.MONGOD = program('my-server', '--port --storage-path');
    expect(findMongoProgram()).toMatchObject({ flavor: 'native' });
  });

  it('is refused by name when MONGOD names none', () => {
    process.env.MONGOD = join(folder, 'nothing');
    expect(() => findMongoProgram()).toThrow(`MONGOD names no program: ${join(folder, 'nothing')}`);
  });

  it('gets the flags of its kind', () => {
    const options = { port: 1, folder: 'f', durable: true };
    const flagsOf = (flavor: 'mongod' | 'native', durable: boolean) =>
      argsOf({ file: 'any', flavor }, { ...options, durable }).join(' ');
    expect(flagsOf('mongod', true)).toBe('--dbpath f --port 1 --bind_ip 127.0.0.1 --nounixsocket');
    expect(flagsOf('native', true)).toBe('--host 127.0.0.1 --port 1 --storage-path f --sync-on-commit');
    expect(flagsOf('native', false)).toBe('--host 127.0.0.1 --port 1 --storage-path f');
  });
});

describe('sizes', () => {
  it('are as asked on a fast server and a thirtieth, rounded up, on the slow one', () => {
    const tell = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(sizes({ slow: false }, 20_000)).toBe(20_000);
      expect(tell).not.toHaveBeenCalled();
      expect([20_000, 5, 1].map((full) => sizes({ slow: true }, full))).toEqual([667, 1, 1]);
      expect(tell.mock.calls.length).toBeLessThanOrEqual(1);
    } finally {
      tell.mockRestore();
    }
  });
});
