import type { Claim } from './types';

/** Equality in which absent and null are one: databases and EJSON turn the one into the other (contract 1.3, 5.4). */
export function alike(a: unknown, b: unknown): boolean {
  return (a ?? undefined) === (b ?? undefined);
}

/** Whether two claims ask for the same status. A missing default is online (contract 8.2). */
export function sameDefault(a: Partial<Claim>, b: Partial<Claim>): boolean {
  return (a.statusDefault ?? 'online') === (b.statusDefault ?? 'online');
}

/** Whether two states show the same text. A missing text is an empty one. */
export function sameText(a: { readonly statusText?: string }, b: { readonly statusText?: string }): boolean {
  return (a.statusText ?? '') === (b.statusText ?? '');
}

/** Absent fields are left out: an `undefined` handed to a database would be stored as null (contract 5.4). */
export function withoutAbsent<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as T;
}
