/** Equality in which absent and null are one: databases and EJSON turn the one into the other (contract 1.3, 5.4). */
export function alike(a: unknown, b: unknown): boolean {
  return (a ?? undefined) === (b ?? undefined);
}
