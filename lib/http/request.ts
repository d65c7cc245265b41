import { invalidArgument, PresenceError } from '../errors';
import type { Arguments, Body, Operation, Parameter } from './operation';

const WHOLE = /^\d{1,15}$/;

/** The path and the query of a request's target. @throws PresenceError MALFORMED_REQUEST for what cannot be decoded */
export function targetOf(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?');
  const [path, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
  try {
    decodeURIComponent(path);
    decodeURIComponent(query);
  } catch {
    throw new PresenceError('MALFORMED_REQUEST', 'the URL has a broken % escape');
  }
  return { path, query };
}

/**
 * The parameters of a query: each known, once unless it takes several words, and of its form.
 *
 * @throws PresenceError INVALID_ARGUMENT
 */
export function readQuery(query: string, known: Readonly<Record<string, Parameter>> = {}): Arguments {
  const given = new Map<string, unknown>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!Object.hasOwn(known, name)) throw invalidArgument(name, 'is not a parameter of this request');
    const { reads = 'text' } = known[name]!;
    const words = given.get(name) as string[] | undefined;
    if (reads === 'words') given.set(name, [...(words ?? []), ...value.split(',')]);
    else if (given.has(name)) throw invalidArgument(name, 'is given more than once');
    else given.set(name, reads === 'whole' ? wholeNumber(name, value) : value);
  }
  for (const [name, value] of given) if (Array.isArray(value)) given.set(name, [...new Set(value)]);
  return Object.fromEntries(given);
}

function wholeNumber(name: string, text: string): number {
  if (!WHOLE.test(text)) throw invalidArgument(name, 'must be a whole number');
  return Number(text);
}

/** The members of a body: an object, each of them known. @throws PresenceError INVALID_ARGUMENT */
export function readBody(body: unknown, { members, required }: Body): Arguments {
  if (body === undefined) throw invalidArgument(required[0] ?? 'body', 'is missing');
  if (!isObject(body)) throw invalidArgument('body', 'must be a JSON object');
  refuseOthers(body, members);
  return { ...body };
}

/** @param where stands before the name of a member that is refused @throws PresenceError INVALID_ARGUMENT */
export function refuseOthers(object: Arguments, members: object, where = ''): void {
  for (const name of Object.keys(object)) {
    if (!Object.hasOwn(members, name)) throw invalidArgument(`${where}${name}`, 'is not known here');
  }
}

export function isObject(value: unknown): value is Arguments {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Everything that a request gives an operation. @throws PresenceError INVALID_ARGUMENT */
export function readArguments(operation: Operation, inPath: Arguments, query: string, body: unknown): Arguments {
  const members = operation.body ? readBody(body, operation.body) : {};
  return { ...members, ...readQuery(query, operation.inQuery), ...inPath };
}
