import EJSON from 'ejson';
import { Serializers, type GenericObject } from 'moleculer';

/** Only objects that EJSON has put something into have keys that begin with a dollar; `__proto__` it treats in a way of its own. */
const SPECIAL_KEY = /"(\$|__proto__)/;
const DOLLAR = 36;

/**
 * EJSON text in UTF-8, as every Rocket.Chat node speaks it (contract 1.2, 1.3): dates survive the wire. Most packets
 * hold nothing that EJSON writes in a way of its own; their text is JSON's, for a third of the time.
 */
export class EjsonSerializer extends Serializers.Base {
  override serialize(packet: GenericObject): Buffer {
    return Buffer.from(isPlain(packet) ? JSON.stringify(packet) : EJSON.stringify(packet as never));
  }

  override deserialize(bytes: Buffer): GenericObject {
    const text = bytes.toString();
    return (SPECIAL_KEY.test(text) ? EJSON.parse(text) : JSON.parse(text)) as GenericObject;
  }
}

/** Whether EJSON's text of a value is JSON's: no dates, binary, numbers that are none, keys EJSON would escape. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || (Array.isArray(value) ? value.every(isPlain) : isPlainObject(value));
    default:
      return false;
  }
}

function isPlainObject(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key of Object.keys(value)) {
    if (key.charCodeAt(0) === DOLLAR || key === '__proto__' || !isPlain((value as GenericObject)[key])) return false;
  }
  return true;
}
