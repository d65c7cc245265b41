import EJSON from 'ejson';
import { Serializers, type GenericObject } from 'moleculer';
import { bytesOf, isUnchanging } from '../reads/unchanging';

const DATE = '$date';
const DOLLAR = 36;
const QUOTE = 34;
const COMMA = 44;
/** What is no matter for the short way. */
const OTHER = Symbol('other');

/**
 * EJSON text in UTF-8, as every Rocket.Chat node speaks it (contract 1.2, 1.3): dates survive the wire. Most packets
 * hold nothing else that EJSON writes in a way of its own; their text is JSON's, for a good part of the time.
 */
export class EjsonSerializer extends Serializers.Base {
  override serialize(packet: GenericObject): Buffer {
    const { data } = packet as { data: unknown };
    const isKnown = isOrdinary(packet) && Array.isArray(data) && data.length > 0 && data.every(isUnchanging);
    return isKnown ? bytesAround(packet, data) : Buffer.from(ejsonText(packet));
  }

  override deserialize(bytes: Buffer): GenericObject {
    const text = bytes.toString();
    if (hasSpecialKey(text)) return EJSON.parse(text) as GenericObject;
    const packet = JSON.parse(text) as GenericObject;
    return text.includes(`"${DATE}"`) ? withDates(packet) : packet;
  }
}

const isOrdinary = (packet: GenericObject) =>
  !Object.keys(packet).some((key) => key.charCodeAt(0) === DOLLAR || key === '__proto__');

/** An answer of many values whose bytes are known is put together of these. */
function bytesAround(packet: GenericObject, data: readonly object[]): Buffer {
  const keys = Object.keys(packet);
  const at = keys.indexOf('data');
  const before = membersText(packet, keys.slice(0, at));
  const after = membersText(packet, keys.slice(at + 1));
  const head = Buffer.from(`{${before && `${before},`}"data":[`);
  const tail = Buffer.from(`]${after && `,${after}`}}`);
  const size = data.reduce((sum, one) => sum + bytesOf(one, ejsonText).length + 1, head.length - 1 + tail.length);
  const all = Buffer.allocUnsafe(size);
  let end = head.copy(all);
  for (const one of data) {
    const bytes = bytesOf(one, ejsonText);
    all.set(bytes, end);
    end += bytes.length;
    all[end++] = COMMA;
  }
  tail.copy(all, end - 1); // Over the last comma.
  return all;
}

/** Without the braces around them. */
function membersText(packet: GenericObject, keys: readonly string[]): string {
  return ejsonText(Object.fromEntries(keys.map((key) => [key, packet[key] as unknown]))).slice(1, -1);
}

/**
 * Whether there may be keys that EJSON has written for something that JSON has not, dates left out, or `__proto__`,
 * which it treats in a way of its own. There are few dollars in a text, and many quotes.
 */
function hasSpecialKey(text: string): boolean {
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', at + 1)) {
    if (text.charCodeAt(at - 1) === QUOTE && !text.startsWith('date":', at + 1)) return true;
  }
  return text.includes('"__proto__');
}

function ejsonText(value: object): string {
  const plain = plainOf(value);
  return plain === OTHER ? EJSON.stringify(value) : JSON.stringify(plain);
}

/**
 * What JSON's text is EJSON's of: the value itself, with dates in EJSON's form in a copy of what holds them. OTHER where there is
 * binary, a number or a date that is none, a key that EJSON would escape.
 */
function plainOf(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : OTHER;
    case 'object':
      if (value === null) return value;
      if (Array.isArray(value)) return plainArray(value);
      return value instanceof Date ? plainDate(value) : plainObject(value);
    default:
      return OTHER;
  }
}

function plainDate(value: Date): unknown {
  const ms = value.getTime();
  return Number.isNaN(ms) ? OTHER : { [DATE]: ms };
}

function plainArray(value: unknown[]): unknown {
  let plain = value;
  for (let i = 0; i < value.length; i++) {
    const item = plainOf(value[i]);
    if (item === OTHER) return OTHER;
    if (item === value[i]) continue;
    if (plain === value) plain = [...value];
    plain[i] = item;
  }
  return plain;
}

function plainObject(value: GenericObject): unknown {
  if (Object.getPrototypeOf(value) !== Object.prototype) return OTHER;
  let plain = value;
  for (const key of Object.keys(value)) {
    if (key.charCodeAt(0) === DOLLAR || key === '__proto__') return OTHER;
    const member: unknown = value[key];
    const written = plainOf(member);
    if (written === OTHER) return OTHER;
    if (written === member) continue;
    if (plain === value) plain = { ...value };
    plain[key] = written;
  }
  return plain;
}

/** Puts dates where EJSON's form of them stands. For JSON's own objects: `for in` meets their keys alone, and is fast; of arrays it is not. */
function withDates(value: object): object {
  if (Array.isArray(value)) return arrayWithDates(value);
  if (isDateForm(value)) return new Date(value.$date);
  for (const key in value) {
    const member = (value as GenericObject)[key] as unknown;
    if (typeof member !== 'object' || member === null) continue;
    const read = withDates(member);
    if (read !== member) (value as GenericObject)[key] = read;
  }
  return value;
}

function arrayWithDates(values: unknown[]): unknown[] {
  for (let i = 0; i < values.length; i++) {
    const item = values[i];
    if (typeof item !== 'object' || item === null) continue;
    const read = withDates(item);
    if (read !== item) values[i] = read;
  }
  return values;
}

function isDateForm(value: object): value is { $date: number } {
  if (!(DATE in value)) return false;
  for (const key in value) if (key !== DATE) return false;
  return true;
}
