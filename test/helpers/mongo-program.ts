import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join, resolve } from 'node:path';

/** How a server is told where to listen and where to store; `wheel` is the slow one, written in Python. */
type Flavor = 'mongod' | 'native' | 'wheel';

/** A program that speaks MongoDB's protocol, and how to start it. */
export interface MongoProgram {
  readonly file: string;
  readonly flavor: Flavor;
}

export interface LaunchOptions {
  readonly port: number;
  readonly folder: string;
  /** Every acknowledged write survives kill -9. */
  readonly durable: boolean;
}

const ROOT = join(__dirname, '../..');
/** Where `npm test` puts the server it installs (scripts/lib/mongo.mjs). */
const WHEEL = join(ROOT, '.cache/mongo-venv/bin/secantusd-py');
const ON_PATH = ['mongod', 'secantusd-rs'];

/** The program that MONGOD names, else one on the PATH, else the one `npm test` installed; undefined with none. */
export function findMongoProgram(): MongoProgram | undefined {
  const named = process.env.MONGOD;
  if (named) return { file: namedProgram(named), flavor: flavorOf(namedProgram(named)) };
  const file = [...ON_PATH.map(onPath), WHEEL].find(isProgram);
  return file === undefined ? undefined : { file, flavor: flavorOf(file) };
}

/** The command line that makes a program serve 127.0.0.1:port from a folder. */
export function argsOf({ flavor }: MongoProgram, { port, folder, durable }: LaunchOptions): string[] {
  if (flavor === 'mongod') {
    // No socket file in the temporary folder of the system: it would outlive a kill.
    return ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'];
  }
  const args = ['--host', '127.0.0.1', '--port', String(port), '--storage-path', folder];
  return durable ? [...args, '--sync-on-commit'] : args; // mongod's own journal needs no flag: j: true waits for it
}

/** A path is taken as it is, relative to the project; a bare name is looked up as a shell would. */
function namedProgram(named: string): string {
  const file = named.includes('/') ? resolve(ROOT, named) : onPath(named);
  if (isProgram(file)) return file;
  throw new Error(`MONGOD names no program: ${named}`);
}

/** By its name; a program of another name (a wrapper, a versioned one) is asked for its help. */
function flavorOf(file: string): Flavor {
  const name = basename(file);
  if (name === 'secantusd-py') return 'wheel';
  if (name === 'secantusd-rs') return 'native';
  if (name === 'mongod') return 'mongod';
  const help = execFileSync(file, ['--help'], { encoding: 'utf8', timeout: 10_000 });
  return help.includes('--storage-path') ? 'native' : 'mongod';
}

/** Looks where scripts/lib/system-tools.mjs looks. */
function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(isAbsolute);
  return [...folders, '/usr/sbin'].map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(file: string | undefined): file is string {
  if (file === undefined) return false;
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
