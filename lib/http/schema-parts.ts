import type { JsonSchema } from './operation';

export const TEXT: JsonSchema = { type: 'string' };
export const NUMBER: JsonSchema = { type: 'number' };
export const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
export const TIME: JsonSchema = { type: 'string', format: 'date-time' };
/** Of users, callbacks, schedules. */
export const ID: JsonSchema = { type: 'string', minLength: 1, maxLength: 256 };
export const CLOCK: JsonSchema = { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$|^24:00$' };
/** What is said of somebody; shown are the first 120 characters. */
export const STATUS_TEXT: JsonSchema = { type: 'string', maxLength: 16_384 };

export function oneOf(words: readonly string[]): JsonSchema {
  return { type: 'string', enum: [...words] };
}

export function arrayOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** An object of these members and no others. @param required absent: all of them */
export function record(properties: Readonly<Record<string, JsonSchema>>, required?: readonly string[]): JsonSchema {
  const needed = required ?? Object.keys(properties);
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(needed.length > 0 ? { required: needed } : {}),
  };
}

/** A page of a list. */
export function pageOf(name: string, items: JsonSchema): JsonSchema {
  return record(
    { [name]: arrayOf(items), next: { ...TEXT, description: 'continues the list; absent on its last page' } },
    [name],
  );
}
