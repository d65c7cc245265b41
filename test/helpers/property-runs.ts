import type { Parameters } from 'fast-check';

/**
 * How many cases a property is tried with. PROPERTY_RUNS names another number for all properties, for example 1000000 before
 * a release.
 *
 * @param usual the number in `npm test`
 */
export function runs(usual = 1000): Pick<Parameters, 'numRuns'> {
  const asked = Number(process.env.PROPERTY_RUNS);
  return { numRuns: asked > 0 ? asked : usual };
}
