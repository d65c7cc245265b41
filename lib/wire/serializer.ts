import EJSON from 'ejson';
import { Serializers, type GenericObject } from 'moleculer';
import { isUnchanging, textOf } from '../reads/unchanging';

/** Keys that EJSON may have written for something that JSON has not, dates left out; `__proto__` it treats in a way of its own. */
const SPECIAL_KEY = /"(\$(?!date":)|__proto__)/;
const DATE = '$date';
const DOLLAR = 36;
/** What is no matter for the short way. */
const OTHER = Symbol('other');

/**
 * EJSON text in UTF-8, as every Rocket.Chat node speaks it (contract 1.2, 1.3): dates survive the wire. Most packets
 * hold nothing else that EJSON writes in a way of its own; their text is JSON's, for a good part of the time.
 */
export class EjsonSerializer extends Serializers.Base {
  override serialize(packet: GenericObject): Buffer {
    return Buffer.from(textOfPacket(packet));
  }

  override deserialize(bytes: Buffer): GenericObject {
    const text = bytes.toString();
    if (SPECIAL_KEY.test(text)) return EJSON.parse(text) as GenericObject;
    const packet = JSON.parse(text) as GenericObject;
    return text.includes(`"${DATE}"`) ? withDates(packet) : packet;
  }
}

/** An answer of many values whose texts are known is put together of these. */
function textOfPacket(packet: GenericObject): string {
  const keys = Object.keys(packet);
  const { data } = packet as { data: unknown };
  const isOrdinary = !keys.some((key) => key.charCodeAt(0) === DOLLAR || key === '__proto__');
  if (!isOrdinary || !Array.isArray(data) || data.length === 0 || !data.every(isUnchanging)) return ejsonText(packet);
  const members: string[] = [];
  for (const key of keys) {
    if (key === 'data') members.push(`"data":[${data.map((one) => textOf(one, ejsonText)).join(',')}]`);
    else members.push(ejsonText({ [key]: packet[key] as unknown }).slice(1, -1));
  }
  return `{${members.filter((member) => member !== '').join(',')}}`;
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

/** Puts dates where EJSON's form of them stands. For JSON's own objects: `for in` meets their keys alone, and is fast. */
function withDates(value: object): object {
  if (isDateForm(value)) return new Date(value.$date);
  for (const key in value) {
    const member = (value as GenericObject)[key] as unknown;
    if (typeof member !== 'object' || member === null) continue;
    const read = withDates(member);
    if (read !== member) (value as GenericObject)[key] = read;
  }
  return value;
}

function isDateForm(value: object): value is { $date: number } {
  if (!(DATE in value)) return false;
  for (const key in value) if (key !== DATE) return false;
  return true;
}
