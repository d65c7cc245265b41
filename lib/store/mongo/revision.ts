/**
 * A revision as it is stored: a whole number, 0 or more. Another writer may leave anything there; what is none counts as 0 in this
 * process and in the database's comparisons alike, so that the next write puts it right. Otherwise no write would ever win its race.
 */
export function revisionOf(stored: unknown): number {
  if (typeof stored !== 'number' || !(stored >= 0 && stored <= Number.MAX_SAFE_INTEGER)) return 0;
  return Math.floor(stored);
}

const NUMBERS = ['int', 'long', 'double'];

/** The same, as an expression on a document. */
export function revisionIn(field: string): object {
  const value = `$${field}`;
  const isNumber = { $in: [{ $type: value }, NUMBERS] };
  const isInRange = [{ $gte: [value, 0] }, { $lte: [value, Number.MAX_SAFE_INTEGER] }];
  return { $cond: [{ $and: [isNumber, ...isInRange] }, { $floor: value }, 0] };
}

const IN_RANGE = { $type: NUMBERS, $not: { $type: 'array' }, $lte: Number.MAX_SAFE_INTEGER };
/** As a filter: 1 or more. */
export const IS_COUNTED = { ...IN_RANGE, $gte: 1 };
/** As a filter on `rev`: a number that the database can count up, or none yet. */
export const CAN_COUNT = { $or: [{ rev: { $exists: false } }, { rev: { ...IN_RANGE, $gte: 0 } }] };
