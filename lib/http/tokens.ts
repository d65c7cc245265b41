import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { makeDataDirectory } from '../store/data-directory';
import type { Caller, Scope } from './access';

/** One of API_TOKENS. */
export interface ApiToken {
  readonly name: string;
  readonly scope: Scope;
  /** Never logged. */
  readonly token: string;
}

interface KnownToken extends Caller {
  readonly digest: Buffer;
}

const FORMAT = /^([\w.-]{1,64}):(read|write|admin):([\x21-\x2b\x2d-\x7e]{16,512})$/;
const FILE = 'api-token';
const TOKEN_BYTES = 32;
const PRIVATE = 0o600;

/** @returns undefined where the list is not one of `name:scope:token`, or a token is given twice */
export function parseTokens(list: string): readonly ApiToken[] | undefined {
  const tokens: ApiToken[] = [];
  for (const entry of list.split(',').map((part) => part.trim())) {
    const [, name, scope, token] = FORMAT.exec(entry) ?? [];
    if (!name || !token || tokens.some((other) => other.token === token)) return undefined;
    tokens.push({ name, scope: scope as Scope, token });
  }
  return tokens;
}

/** The tokens that are let in. Holds their digests alone. */
export class TokenList {
  private readonly known: KnownToken[] = [];

  constructor(tokens: readonly ApiToken[] = []) {
    for (const token of tokens) this.add(token);
  }

  add({ name, scope, token }: ApiToken): void {
    this.known.push({ name, scope, digest: digestOf(token) });
  }

  /** Looks at every one, each in the same time: how long it takes says nothing about what is right of a wrong one. */
  callerOf(token: string): Caller | undefined {
    const digest = digestOf(token);
    let found: KnownToken | undefined;
    for (const one of this.known) if (timingSafeEqual(one.digest, digest)) found = one;
    return found && { name: found.name, scope: found.scope };
  }
}

/** The token of a node for which none was configured. */
export interface LocalToken {
  readonly token: string;
  /** Made just now: the operator has not seen it yet. */
  readonly isNew: boolean;
  /** Absent where nothing is kept. */
  readonly file?: string;
}

/**
 * The token kept in a folder, made when there is none, for the owner of the file alone.
 *
 * @param folder absent: it is kept nowhere
 * @throws Error where the file holds no token, or cannot be read or written
 */
export async function localToken(folder: string | undefined): Promise<LocalToken> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  if (folder === undefined) return { token, isNew: true };
  const file = path.join(folder, FILE);
  if (await writeNew(file, token)) return { token, isNew: true, file };
  const kept = (await fs.readFile(file, 'utf8')).trim();
  if (!FORMAT.test(`x:admin:${kept}`)) {
    throw new Error(`${file} holds no token of 16 characters or more; remove it to have one made`);
  }
  await fs.chmod(file, PRIVATE);
  return { token: kept, isNew: false, file };
}

/** Whole or not at all, also when the process dies in between. @returns whether there was none before */
async function writeNew(file: string, token: string): Promise<boolean> {
  await makeDataDirectory(path.dirname(file));
  const draft = `${file}.${process.pid}`;
  await fs.writeFile(draft, `${token}\n`, { mode: PRIVATE });
  try {
    await fs.link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await fs.rm(draft, { force: true });
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
