import Validator, { type ValidationSchema } from 'fastest-validator';
import { faultOf, kindOf } from './argument-faults';
import { invalidArgument } from './errors';

export interface ArgumentSpec {
  /** Names of the positional arguments, in the order Rocket.Chat sends them. */
  readonly positions: readonly string[];
  /** Whether a call without any argument is an error. */
  readonly required: boolean;
  readonly schema: ValidationSchema;
}

export type NamedArguments = Record<string, unknown>;

const validator = new Validator({ useNewCustomCheckerFunction: true, haltOnFirstError: true });

/** Deepest object an argument may hold, and most entries looked at in it: checks must not be an attack themselves. */
const MAX_DEPTH = 6;

/** Keys by which a careless merge would reach Object.prototype, or that keep a text from being made of a value, as messages are. No argument of ours has them. */
const POISONED_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf'];

/**
 * Makes a reader of one action's parameters: the positional array Rocket.Chat sends (contract 1.3) or an
 * object of named ones. `null` means absent; surplus positions are ignored, for callers send some
 * (contract 2.1, removeConnection); unknown names are ignored, for newer callers may send more.
 *
 * @throws PresenceError INVALID_ARGUMENT naming the field
 */
export function argumentReader<T>(spec: ArgumentSpec): (params: unknown) => T {
  const check = validator.compile(spec.schema);
  if (check.async) throw new Error('argument checks are synchronous');
  return (params) => {
    const named = nameArguments(spec, params);
    const result = check(named);
    if (result === true) return named as T;
    throw invalidArgument(...faultOf(Array.isArray(result) ? result : []));
  };
}

function nameArguments(spec: ArgumentSpec, params: unknown): NamedArguments {
  const given = params ?? [];
  if (typeof given !== 'object') throw invalidArgument('params', `must be a list or an object, not ${kindOf(given)}`);
  const named: NamedArguments = Array.isArray(given) ? byPosition(spec, given) : byName(spec, given as NamedArguments);
  if (spec.required && Object.keys(named).length === 0 && !hasPositions(given)) {
    throw invalidArgument(spec.positions[0] ?? 'params', 'is missing');
  }
  return named;
}

function hasPositions(given: object): boolean {
  return Array.isArray(given) && given.length > 0;
}

function byPosition(spec: ArgumentSpec, given: readonly unknown[]): NamedArguments {
  const named: NamedArguments = {};
  spec.positions.forEach((name, i) => {
    if (given[i] != null) named[name] = withoutNulls(name, given[i], MAX_DEPTH);
  });
  return named;
}

function byName(spec: ArgumentSpec, given: NamedArguments): NamedArguments {
  refusePoison('params', given);
  const named: NamedArguments = {};
  for (const name of Object.keys(spec.schema)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value != null) named[name] = withoutNulls(name, value, MAX_DEPTH);
  }
  return named;
}

/** A copy in which null members are absent; plain objects and arrays only, other values as they are. */
function withoutNulls(field: string, value: unknown, depth: number): unknown {
  if (!mayHoldNulls(value)) return value;
  if (depth === 0) throw invalidArgument(field, 'is nested too deeply');
  if (Array.isArray(value)) {
    // Names of a thousand ids are not made before one is found to be no id.
    return value.map((item: unknown, i) =>
      mayHoldNulls(item) ? withoutNulls(`${field}[${i}]`, item, depth - 1) : item,
    );
  }
  refusePoison(field, value);
  const copy: NamedArguments = {};
  for (const [key, member] of Object.entries(value)) {
    if (member != null) copy[key] = withoutNulls(`${field}.${key}`, member, depth - 1);
  }
  return copy;
}

function mayHoldNulls(value: unknown): value is object {
  return typeof value === 'object' && (Array.isArray(value) || isPlainObject(value));
}

/** Neither a date, nor binary, nor anything else that EJSON revives. */
function isPlainObject(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** EJSON turns an own `__proto__` of the wire's text into the object's prototype: either way it is refused. */
function refusePoison(field: string, value: object): void {
  for (const key of POISONED_KEYS) {
    if (Object.hasOwn(value, key)) throw invalidArgument(`${field}.${key}`, 'is not allowed');
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw invalidArgument(`${field}.__proto__`, 'is not allowed');
  }
}

/** The time a checked argument names, epoch milliseconds. @throws PresenceError INVALID_ARGUMENT for a date that is none */
export function msOf(field: string, moment: Date | string | undefined): number | undefined {
  if (moment === undefined) return undefined;
  const ms = new Date(moment).getTime();
  if (Number.isNaN(ms) || !hasItsDay(moment)) throw invalidArgument(field, 'is a time that no calendar has');
  return ms;
}

/** Of a time as text. JavaScript takes the 30th of February for the 2nd of March. */
function hasItsDay(moment: Date | string): boolean {
  if (typeof moment !== 'string') return true;
  const [date, day] = [moment.slice(0, 'YYYY-MM-DD'.length), moment.slice('YYYY-MM-'.length)];
  return new Date(date).getUTCDate() === Number.parseInt(day, 10);
}
