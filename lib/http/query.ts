import { kindOf } from '../wire/argument-faults';
import { invalidArgument } from '../wire/errors';
import type { QueryParameter } from './route';

type Parameters = Readonly<Record<string, QueryParameter>>;

/**
 * Reads the query of an address, strictly: what is misspelled would otherwise be left out without a word.
 *
 * @param search after the question mark
 * @throws PresenceError INVALID_ARGUMENT naming the parameter
 */
export function readQuery(search: string, parameters: Parameters = {}): Record<string, unknown> {
  const given = new URLSearchParams(search);
  const named: Record<string, unknown> = {};
  for (const name of new Set(given.keys())) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (!parameter) throw invalidArgument(name, `is not a parameter here${allowed(parameters)}`);
    named[name] = valueOf(name, parameter, given.getAll(name));
  }
  return named;
}

function valueOf(name: string, { kind }: QueryParameter, values: readonly string[]): unknown {
  if (kind === 'list') return values.flatMap((value) => value.split(','));
  if (values.length > 1) throw invalidArgument(name, `is given ${values.length} times, and may be given once`);
  const [value = ''] = values;
  if (kind === 'text') return value;
  // A number that may not be is for the action to refuse, which says what may be.
  if (!/^-?\d{1,15}(\.\d{1,15})?$/.test(value))
    throw invalidArgument(name, `must be a whole number, not ${kindOf(value)}`);
  return Number(value);
}

function allowed(parameters: Parameters): string {
  const names = Object.keys(parameters);
  return names.length === 0 ? ', and there are none' : `; there are ${names.join(', ')}`;
}
