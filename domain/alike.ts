/** Equality in which absent and null are one: databases and EJSON turn the one into the other (contract 1.3, 5.4). */
export function alike(a: unknown, b: unknown): boolean {
  return (a ?? undefined) === (b ?? undefined);
}

/** Absent fields are left out: an `undefined` handed to a database would be stored as null (contract 5.4). */
export function withoutAbsent<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as T;
}
