import type { ValidationError } from 'fastest-validator';

/** Shown where a time is wanted. */
const A_TIME = 'a time with its zone such as 2030-01-01T15:00:00Z (ISO 8601)';

type Say = (expected: unknown, actual: unknown) => string;

/** By the validator's own codes: what is allowed, and what was given. Rules with a text of their own keep that. */
const TEXTS: Readonly<Record<string, Say>> = {
  required: () => 'is missing',
  string: (_, actual) => `must be a string, not ${kindOf(actual)}`,
  stringEmpty: () => 'must not be empty',
  stringMin: (expected, actual) => `must have at least ${many(expected, 'character')}, not ${String(actual)}`,
  stringMax: (expected, actual) => `must have at most ${many(expected, 'character')}, not ${String(actual)}`,
  stringPattern: (expected) => `must look like ${String(expected)}`,
  enumValue: (expected, actual) => `must be one of ${String(expected)}, not ${kindOf(actual)}`,
  classInstanceOf: (_, actual) => `must be ${A_TIME}, not ${kindOf(actual)}`,
  number: (_, actual) => `must be a number, not ${kindOf(actual)}`,
  numberInteger: (_, actual) => `must be a whole number, not ${String(actual)}`,
  numberMin: (expected, actual) => `must be at least ${String(expected)}, not ${String(actual)}`,
  numberMax: (expected, actual) => `must be at most ${String(expected)}, not ${String(actual)}`,
  boolean: (_, actual) => `must be true or false, not ${kindOf(actual)}`,
  array: (_, actual) => `must be a list, not ${kindOf(actual)}`,
  arrayMin: (expected, actual) => `must have at least ${many(expected, 'item')}, not ${String(actual)}`,
  arrayMax: (expected, actual) => `must have at most ${many(expected, 'item')}, not ${String(actual)}`,
  arrayUnique: () => 'must have no item twice',
  object: (_, actual) => `must be an object, not ${kindOf(actual)}`,
};

/** The validator's own texts begin so; those of a rule do not. */
const VALIDATORS_OWN = /^The /;

/**
 * The field at fault and why, in the terms of JSON, whichever way the arguments came. Of the caller's values only numbers are
 * told: texts may be secrets, and errors are logged.
 *
 * @param faults of one field, one for each alternative that it has
 */
export function faultOf(faults: readonly ValidationError[]): readonly [field: string, reason: string] {
  const [first, second] = faults;
  if (!first) return ['params', 'is not valid'];
  const isList = Array.isArray(first.actual) && second !== undefined;
  const fault = isList ? second : first;
  const reason = textOf(fault);
  if (second?.type === 'array') return [first.field, reason.replace(', not ', ', or a list of them, not ')];
  const item = fault.field.slice(first.field.length); // where a list was given, the alternative of its items
  return [first.field, item === '' ? reason : `${item} ${reason}`];
}

function textOf({ type, message = '', expected, actual }: ValidationError): string {
  if (message !== '' && !VALIDATORS_OWN.test(message)) return message;
  return TEXTS[type]?.(expected, actual) ?? 'is not valid';
}

function many(count: unknown, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** What a value is in JSON. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string')
    return value === '' ? 'an empty string' : `a string of ${many(value.length, 'character')}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (value instanceof Date) return 'a time';
  return 'an object';
}
