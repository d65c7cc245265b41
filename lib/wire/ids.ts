/** Longest id of a user, session or instance. Rocket.Chat's have 17 to about 80 characters. */
export const MAX_ID = 256;

/**
 * `__proto__` would be lost as the key of a plain object, which the embedded store's file is read into. A lone half of a
 * surrogate pair cannot be stored as UTF-8: another id would be stored than was given.
 */
export const ID_PATTERN = /^(?!__proto__$)\P{Surrogate}*$/u;

/** Whether a value of an event can be an id, by the rule that the arguments of calls go by. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID && ID_PATTERN.test(value);
}

/** The arguments that an event of Rocket.Chat's form is made of; none where the payload is no list. */
export function argumentsOf(payload: unknown): readonly unknown[] {
  return Array.isArray(payload) ? (payload as readonly unknown[]) : [];
}
