/**
 * An update that leaves a document exactly as it is unless a guard holds: compare-and-set for a filter by `_id` alone. That is
 * the one filter for which servers need no query plan; with the comparison in the filter this update takes a quarter to a
 * third longer (bench/README.md). Who lost is not modified, though matched.
 *
 * @param guard an expression on the document
 * @param set fields with their new values, taken literally
 * @param within fields that are objects, of which only these members are set
 */
export function guardedUpdate(
  guard: object,
  set: Readonly<Record<string, unknown>>,
  within: Readonly<Record<string, object>> = {},
): object[] {
  const members = Object.entries(within).map(([field, value]) => ({
    [field]: { $mergeObjects: [`$${field}`, { $literal: value }] },
  }));
  const changed = { $mergeObjects: ['$$ROOT', { $literal: set }, ...members] };
  return [{ $replaceWith: { $cond: [guard, changed, '$$ROOT'] } }];
}

/** A field's value; a missing one is `absent`. */
export function fieldIs(field: string, value: unknown, absent: unknown): object {
  return { $eq: [{ $ifNull: [`$${field}`, { $literal: absent }] }, { $literal: value }] };
}
